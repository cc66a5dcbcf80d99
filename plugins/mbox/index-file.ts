import { basename } from 'node:path'
import { writeFully } from 'mailwright/disk'
import type { MboxContext } from './context.ts'
import { ifThere } from './disk-errors.ts'
import { openFile, readRange, replaceFile, using } from './durable-file.ts'
import type { FileStatus, OpenFile } from './file-system.ts'
import {
  committed,
  type FileKnowledge,
  flagsLine,
  headLine,
  isSealed,
  knowledgeOf,
  type MailboxIndex,
  type MessageRecord,
  messageLine,
  summedWords,
  withLines,
} from './index-record.ts'
import { type MailboxPlace, spoolName } from './mailbox-files.ts'

/** An index as it was read or written, and which file it was. */
interface Loaded {
  readonly index: MailboxIndex
  readonly ino: number
  readonly mtimeMs: number
  /** Its first line, which no other index has. */
  readonly head: Buffer
  /** Octets up to the last line that counts. */
  readonly length: number
  /** Octets of what was written at once, before lines were added. */
  readonly base: number
}

// Lines that were added may be as many octets as what they change, and so many more, before all is written anew.
const additionsAllowed = 64 * 1024
const tailSize = 512
const LF = 0x0a

/**
 * The file `….index` beside a mailbox, lines of text: `M` is a message, `F` its flags from then on, `S` what is known of
 * the mailbox's file, with a sum over the lines before it, which count from then on. Small changes are added at the end, others
 * write it anew. It is written by whoever has locked the mailbox, and read by all.
 */
export class IndexFile {
  readonly #context: MboxContext
  readonly #place: MailboxPlace
  #loaded: Loaded | undefined

  constructor(context: MboxContext, place: MailboxPlace) {
    this.#context = context
    this.#place = place
  }

  get path(): string {
    return `${this.#place.control}.index`
  }

  /** Whether what was last read or written is still what is there. */
  async isCurrent(): Promise<boolean> {
    const status = await ifThere(this.#context.files.lstat(this.path))
    return this.#loaded !== undefined && status !== undefined && isSame(this.#loaded, status)
  }

  /** The index, `missing` where there is none, `damaged` where it cannot be read. */
  async load(): Promise<MailboxIndex | 'missing' | 'damaged'> {
    const index = await ifThere(
      using(openFile(this.#context.files, this.path, 'read'), async (file) => {
        const status = await file.stat()
        this.#loaded =
          this.#loaded !== undefined && (await isExtension(this.#loaded, file, status))
            ? extended(this.#loaded, await readRange(file, this.#loaded.length, status.size), status)
            : parse(await readRange(file, 0, status.size), status)
        return this.#loaded?.index ?? 'damaged'
      }),
    )
    return index ?? 'missing'
  }

  /** Writes it whole, durably. */
  async write(index: MailboxIndex): Promise<void> {
    this.#loaded = undefined
    const temporary = spoolName(this.#place)
    const head = headLine(index, basename(temporary))
    const octets = Buffer.from(head + committed(index.records.map(messageLine), index))
    const { ino, mtimeMs } = await replaceFile(this.#context.files, { path: this.path, temporary, octets })
    const { length } = octets
    this.#loaded = { index, ino, mtimeMs, head: Buffer.from(head), length, base: length }
  }

  /** Adds messages to what was loaded, and writes what is known now. Durable where there are messages. */
  add(index: MailboxIndex, added: readonly MessageRecord[]): Promise<void> {
    return this.#append(index, added.map(messageLine), added.length > 0)
  }

  /** Writes changed flags. Not durable: the mailbox's file tells them. */
  setFlags(index: MailboxIndex, changed: readonly MessageRecord[]): Promise<void> {
    return this.#append(index, changed.map(flagsLine), false)
  }

  /**
   * Tells that the file was changed by us from one state to another without being looked at: only messages were put
   * behind what was there. Does nothing where the index tells of another state before.
   */
  async noteAppend(before: FileStatus, after: FileStatus): Promise<void> {
    const opening = openFile(this.#context.files, this.path, 'write')
    await ifThere(
      using(opening, async (file) => {
        const { size } = await file.stat()
        const state = lastKnowledge(await readRange(file, Math.max(0, size - tailSize), size))
        const { dev, ino, mtimeMs, ctimeMs } = state?.stamp ?? after
        const chained =
          state !== undefined &&
          [dev, ino, mtimeMs, ctimeMs].join() ===
            [before.dev, before.ino, before.mtimeMs, before.ctimeMs].join()
        if (chained && state.stamp.size === before.size)
          await writeFully(file, Buffer.from(committed([], { ...state, stamp: after })), size)
      }),
    )
  }

  async #append(index: MailboxIndex, lines: readonly string[], durable: boolean): Promise<void> {
    const loaded = this.#loaded
    const octets = Buffer.from(committed(lines, index))
    const tooMuch = (loaded?.length ?? 0) + octets.length > 2 * (loaded?.base ?? 0) + additionsAllowed
    if (loaded === undefined || tooMuch) return this.write(index)
    this.#loaded = undefined
    const { mtimeMs } = await using(openFile(this.#context.files, this.path, 'write'), async (file) => {
      const { size, ino } = await file.stat()
      if (ino !== loaded.ino) throw new RangeError('the index is not the one that was loaded')
      // What a crash has left behind the last line that counts.
      if (size > loaded.length) await file.truncate(loaded.length)
      await writeFully(file, octets, loaded.length)
      if (durable) await file.datasync()
      return file.stat()
    })
    this.#loaded = { ...loaded, index, mtimeMs, length: loaded.length + octets.length }
  }
}

function isSame({ ino, length, mtimeMs }: Loaded, status: FileStatus): boolean {
  return status.ino === ino && status.size === length && status.mtimeMs === mtimeMs
}

async function isExtension(
  { ino, length, head }: Loaded,
  file: OpenFile,
  status: FileStatus,
): Promise<boolean> {
  return status.ino === ino && status.size >= length && (await readRange(file, 0, head.length)).equals(head)
}

/** What the last line says. That those before it are whole is for who reads them. */
function lastKnowledge(octets: Buffer): FileKnowledge | undefined {
  const text = octets.toString('latin1')
  if (!text.endsWith('\n')) return undefined
  return knowledgeOf(summedWords(text.slice(text.lastIndexOf('\n', text.length - 2) + 1, -1)))
}

function parse(octets: Buffer, { ino, mtimeMs }: FileStatus): Loaded | undefined {
  const end = octets.indexOf(LF) + 1
  const head = Buffer.from(octets.subarray(0, end))
  const [, version, id = '', uidValidity] = summedWords(head.toString('latin1').trimEnd()) ?? []
  if (version !== '1' || !(Number(uidValidity) > 0)) return undefined
  const { lines, knowledge, length, firstLength } = parseLines(octets.subarray(end))
  const records = withLines([], lines)
  if (knowledge === undefined || records === undefined) return undefined
  const index = { id, uidValidity: Number(uidValidity), records, ...knowledge }
  return { index, ino, mtimeMs, head, length: end + length, base: end + firstLength }
}

/** What was loaded with the lines that others have added since. */
function extended(loaded: Loaded, octets: Buffer, { mtimeMs }: FileStatus): Loaded | undefined {
  const { lines, knowledge, length } = parseLines(octets)
  if (knowledge === undefined) return { ...loaded, mtimeMs }
  const records = withLines(loaded.index.records, lines)
  const index = records && { ...loaded.index, records, ...knowledge }
  return index && { ...loaded, index, mtimeMs, length: loaded.length + length }
}

interface Lines {
  /** `M` and `F` lines that count. */
  readonly lines: readonly string[]
  readonly knowledge: FileKnowledge | undefined
  /** Octets up to the last line that counts, and to the first `S`. */
  readonly length: number
  readonly firstLength: number
}

function parseLines(octets: Buffer): Lines {
  const text = octets.toString('latin1')
  const lines: string[] = []
  let waiting: string[] = []
  let knowledge: FileKnowledge | undefined
  let length = 0
  let firstLength = 0
  for (let at = 0, lf = text.indexOf('\n'); lf >= 0; at = lf + 1, lf = text.indexOf('\n', at)) {
    const line = text.slice(at, lf)
    if (line.startsWith('M ') || line.startsWith('F ')) {
      waiting.push(line)
      continue
    }
    const words = summedWords(line)
    const said = knowledgeOf(words)
    if (words === undefined || said === undefined || !isSealed(words, octets.subarray(length, at))) break
    knowledge = said
    for (const each of waiting) lines.push(each)
    waiting = []
    length = lf + 1
    firstLength ||= length
  }
  return { lines, knowledge, length, firstLength }
}
