import { isAscii } from 'node:buffer'
import { crc32 } from 'node:zlib'
import { type EnvelopeFields, readEnvelopeFields } from '../model/envelope-fields.ts'
import type { Header } from '../model/header-fields.ts'
import type { MimePart } from '../model/mime-part.ts'
import type { MessageSummary, SummaryFacts } from '../model/summary.ts'
import { readKeptHeader, skipHeader, writeHeader } from './kept-header.ts'
import { readStructure, unknownStructure, writeStructure } from './kept-structure.ts'
import { OctetReader } from './octet-reader.ts'
import { OctetWriter } from './octet-writer.ts'
import { keptFields } from './summary-fields.ts'

// Changed whenever the form or the rule of what is kept changes, so that no cache is read by another rule.
const VERSION = 1
// The version and a CRC-32 of what follows.
const PREFIX = 5

/**
 * Writes a summary in a compact form for caches on disk: usually 0.7 to 1.5 kB. It is only for `decodeSummary` of the
 * same version of the framework. The octets are shared and must not be changed.
 */
export function encodeSummary(summary: SummaryFacts): Buffer {
  return summary instanceof StoredSummary ? summary.octets : writeSummary(summary)
}

/**
 * Reads what `encodeSummary` wrote. What it holds is made when it is asked for; the octets belong to the summary from
 * then on. Undefined for octets that are damaged or of another version: the message has to be summarised again.
 */
export function decodeSummary(uid: number, octets: Buffer): MessageSummary | undefined {
  if (octets.length < PREFIX || octets[0] !== VERSION) return undefined
  if (crc32(octets.subarray(PREFIX)) !== octets.readUInt32LE(1)) return undefined
  return new StoredMessageSummary(uid, octets)
}

/** The same summary for the UID that its message was given. Costs next to nothing. */
export function withUid(uid: number, summary: SummaryFacts): MessageSummary {
  return new StoredMessageSummary(uid, encodeSummary(summary))
}

/**
 * Whether a field of a summary's header may hold a word, which is ASCII in upper case without white space, once the
 * field is decoded and in upper case too. False only where none does; a quick look, so that a search need not take
 * apart every header.
 */
export function headerMayHold(summary: Pick<MessageSummary, 'header'>, word: string): boolean {
  return !(summary instanceof StoredSummary) || summary.headerMayHold(word)
}

/** The summary of a message that has no UID yet. */
export function storedSummary(root: MimePart, preview: string): SummaryFacts {
  const facts = { header: root.header, omitted: [], structure: root, preview }
  return new StoredSummary(writeSummary(facts))
}

function writeSummary(summary: Omit<SummaryFacts, 'envelope'>): Buffer {
  const writer = new OctetWriter()
  const { fields, omitted } = keptFields(summary.header)
  writer.append(Buffer.alloc(PREFIX, VERSION))
  writeHeader(writer, summary.header, fields)
  const allOmitted = new Set([...summary.omitted, ...omitted])
  writer.number(allOmitted.size)
  for (const name of allOmitted) writer.text(name, 'latin1')
  writer.text(summary.preview, 'utf8')
  writeStructure(writer, summary.structure)
  const octets = Buffer.from(writer.written)
  octets.writeUInt32LE(crc32(octets.subarray(PREFIX)), 1)
  return octets
}

/** A summary over its octets. */
class StoredSummary implements SummaryFacts {
  readonly octets: Buffer
  #header: Header | undefined
  #envelope: EnvelopeFields | undefined
  #structure: MimePart | undefined

  constructor(octets: Buffer) {
    this.octets = octets
  }

  get header(): Header {
    this.#header ??= readKeptHeader(new OctetReader(this.octets, PREFIX))
    return this.#header
  }

  get envelope(): EnvelopeFields {
    this.#envelope ??= readEnvelopeFields(this.header)
    return this.#envelope
  }

  headerMayHold(word: string): boolean {
    const reader = new OctetReader(this.octets, PREFIX)
    reader.number()
    const fields = this.octets.subarray(reader.skip(), reader.position)
    // What is encoded or not ASCII may say anything.
    if (!isAscii(fields)) return true
    const text = fields.toString('latin1')
    return text.includes('=?') || text.toUpperCase().includes(word)
  }

  get omitted(): readonly string[] {
    const reader = this.#behindHeader()
    const names: string[] = []
    for (let count = reader.number(); count > 0 && reader.isWhole; count -= 1)
      names.push(reader.text('latin1'))
    return names
  }

  get preview(): string {
    return this.#behindOmitted().text('utf8')
  }

  get structure(): MimePart {
    if (this.#structure === undefined) {
      const reader = this.#behindOmitted()
      reader.skip()
      this.#structure = readStructure(reader, this.header) ?? unknownStructure(this.header)
    }
    return this.#structure
  }

  #behindHeader(): OctetReader {
    const reader = new OctetReader(this.octets, PREFIX)
    skipHeader(reader)
    return reader
  }

  #behindOmitted(): OctetReader {
    const reader = this.#behindHeader()
    for (let count = reader.number(); count > 0 && reader.isWhole; count -= 1) reader.skip()
    return reader
  }
}

class StoredMessageSummary extends StoredSummary implements MessageSummary {
  readonly uid: number

  constructor(uid: number, octets: Buffer) {
    super(octets)
    this.uid = uid
  }
}
