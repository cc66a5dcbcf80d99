import { crc32 } from 'node:zlib'
import { type EnvelopeFields, readEnvelopeFields } from '../model/header/envelope-fields.ts'
import type { Header } from '../model/header/header-fields.ts'
import type { MimePart } from '../model/mime/mime-part.ts'
import type { MessageSummary, SummaryFacts } from '../model/summary.ts'
import { envelopeText } from './envelope-text.ts'
import type { KeptHeader } from './field-selection.ts'
import { readKeptFields, readKeptHeader, skipHeader, writeHeader } from './kept-header.ts'
import { readStructure, unknownStructure, writeStructure } from './kept-structure.ts'
import { OctetReader } from './octet-reader.ts'
import { OctetWriter } from './octet-writer.ts'
import { structureText } from './structure-text.ts'
import { keptFields } from './summary-fields.ts'

// Changed whenever the form or the rule of what is kept changes, so that no cache is read by another rule.
const VERSION = 2
// The version, then all else, then a CRC-32 of all that.
const PREFIX = 1
const SUFFIX = 4
// What the CRC-32 of octets is that end with their own CRC-32.
const RESIDUE = 0x2144_df1c
// Texts beyond this are made when they are asked for, so that summaries stay small.
const longestText = 65_536

/**
 * Writes a summary in a compact form for caches on disk: usually 1 to 2 kB. It is only for `decodeSummary` of the
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
  if (octets.length < PREFIX + SUFFIX || octets[0] !== VERSION) return undefined
  if (crc32(octets) !== RESIDUE) return undefined
  return new StoredMessageSummary(uid, octets)
}

/** The same summary for the UID that its message was given. Costs next to nothing. */
export function withUid(uid: number, summary: SummaryFacts): MessageSummary {
  return new StoredMessageSummary(uid, encodeSummary(summary))
}

/** The ENVELOPE that was written with a summary; undefined where none was. */
export function keptEnvelope(summary: object): string | undefined {
  return (summary instanceof StoredSummary && summary.envelopeText) || undefined
}

/** The BODYSTRUCTURE that was written with a summary; undefined where none was. */
export function keptBodyStructure(summary: object): string | undefined {
  return (summary instanceof StoredSummary && summary.structureText) || undefined
}

/** The fields of a summary's header as they stand; undefined where it was not written. */
export function keptFieldsText(summary: object): string | undefined {
  return summary instanceof StoredSummary ? summary.fields.fields : undefined
}

/** The header of a summary as it stands. */
export function keptHeader(summary: Pick<MessageSummary, 'header' | 'omitted'>): KeptHeader {
  if (summary instanceof StoredSummary) return { ...summary.fields, omitted: summary.omitted }
  const { header, omitted } = summary
  const { start } = header.fields[0] ?? { start: 0 }
  const { end } = header.fields.at(-1) ?? { end: 0 }
  const fields = header.raw.toString('latin1', start, end)
  return { fields, ended: header.ended, truncated: header.truncated, omitted }
}

/** The summary of a message that has no UID yet. */
export function storedSummary(root: MimePart, preview: string): SummaryFacts {
  const facts = { header: root.header, omitted: [], structure: root, preview }
  return new StoredSummary(writeSummary(facts))
}

const writer = new OctetWriter()

function writeSummary(summary: Omit<SummaryFacts, 'envelope'>): Buffer {
  const { fields, omitted } = keptFields(summary.header)
  writer.reset()
  writer.number(VERSION)
  writeText(envelopeText(summary.header, 'ascii'))
  writeText(structureText(summary.structure, { form: 'ascii', isExtended: true }))
  writeHeader(writer, summary.header, fields)
  const allOmitted = new Set([...summary.omitted, ...omitted])
  writer.number(allOmitted.size)
  for (const name of allOmitted) writer.text(name, 'latin1')
  writer.text(summary.preview, 'utf8')
  writeStructure(writer, summary.structure)
  const { written } = writer
  const octets = Buffer.allocUnsafe(written.length + SUFFIX)
  octets.writeUInt32LE(crc32(written), written.copy(octets))
  return octets
}

function writeText(text: string): void {
  writer.text(text.length <= longestText ? text : '', 'latin1')
}

/** A summary over its octets. */
class StoredSummary implements SummaryFacts {
  readonly octets: Buffer
  #fields: Omit<KeptHeader, 'omitted'> | undefined
  #header: Header | undefined
  #envelope: EnvelopeFields | undefined
  // The tree takes up to 60 times the octets of the summary, so it is not held for longer than somebody uses it.
  #structure: WeakRef<MimePart> | undefined

  constructor(octets: Buffer) {
    this.octets = octets
  }

  /** What `envelopeText` says of the header; empty where that is too long. */
  get envelopeText(): string {
    return new OctetReader(this.octets, PREFIX).text('latin1')
  }

  /** What `structureText` says of the structure; empty where that is too long. */
  get structureText(): string {
    const reader = new OctetReader(this.octets, PREFIX)
    reader.skip()
    return reader.text('latin1')
  }

  /** The header's fields as they stand. */
  get fields(): Omit<KeptHeader, 'omitted'> {
    this.#fields ??= readKeptFields(this.#behindTexts())
    return this.#fields
  }

  get header(): Header {
    this.#header ??= readKeptHeader(this.#behindTexts())
    return this.#header
  }

  get envelope(): EnvelopeFields {
    this.#envelope ??= readEnvelopeFields(this.header)
    return this.#envelope
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
    const known = this.#structure?.deref()
    if (known !== undefined) return known
    const reader = this.#behindOmitted()
    reader.skip()
    const made = readStructure(reader, this.header) ?? unknownStructure(this.header)
    this.#structure = new WeakRef(made)
    return made
  }

  #behindTexts(): OctetReader {
    const reader = new OctetReader(this.octets, PREFIX)
    reader.skip()
    reader.skip()
    return reader
  }

  #behindHeader(): OctetReader {
    const reader = this.#behindTexts()
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
