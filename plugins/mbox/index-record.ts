import { crc32 } from 'node:zlib'
import type { FileStatus } from './file-system.ts'

/** What is known of a message. All places are offsets of octets in the mailbox's file. */
export interface MessageRecord {
  readonly uid: number
  /** Where its postmark begins. */
  readonly start: number
  readonly messageStart: number
  readonly messageEnd: number
  /** Octets with CRLF line ends, without the file's own fields. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly internalDate: number
  readonly savedDate: number
  /** Of its octets, as the scanner makes it. */
  readonly digest: string
  /** What POP3 clients know it by, where another server gave it a name. */
  readonly uidl: string | undefined
  /** System flags and keywords, sorted. */
  readonly flags: readonly string[]
}

/** What tells that a file is the same and has not been changed. */
export interface FileStamp {
  readonly dev: number
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/** What is known of a mailbox's file. */
export interface FileKnowledge {
  /** The next UID to be given. */
  readonly uidNext: number
  /** All before this place is described by the records. */
  readonly known: number
  /** Whether there is an empty line before it, so that a postmark may follow. */
  readonly ended: boolean
  /** Whether the file was looked at whole since others were seen to have changed it. */
  readonly verified: boolean
  /** As it was last seen, or as we left it. */
  readonly stamp: FileStamp
}

/** What the file beside a mailbox holds. */
export interface MailboxIndex extends FileKnowledge {
  /** The mailbox's own id. */
  readonly id: string
  readonly uidValidity: number
  /** In the order of the file. */
  readonly records: readonly MessageRecord[]
}

export function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: FileStatus): FileStamp {
  return { dev, ino, size, mtimeMs, ctimeMs }
}

export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return sameFile(a, b) && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs
}

export function sameFile(a: Pick<FileStamp, 'dev' | 'ino'>, b: Pick<FileStamp, 'dev' | 'ino'>): boolean {
  return a.dev === b.dev && a.ino === b.ino
}

function sumOf(text: string | Buffer): string {
  return crc32(text).toString(16).padStart(8, '0')
}

/** A line with a sum that tells whether it is whole. */
function summed(text: string): string {
  return `${sumOf(text)} ${text}\n`
}

/** The words of a line with a sum; undefined where it is not whole. */
export function summedWords(line: string): readonly string[] | undefined {
  const text = line.slice(9)
  return line.startsWith(`${sumOf(text)} `) ? text.split(' ') : undefined
}

/** The first line. `unique` makes it different from that of every other index. */
export function headLine(
  { id, uidValidity }: Pick<MailboxIndex, 'id' | 'uidValidity'>,
  unique: string,
): string {
  return summed(`mailwright-mbox 1 ${id} ${uidValidity} ${unique}`)
}

export function messageLine(record: MessageRecord): string {
  const { uid, start, messageStart, messageEnd, size, internalDate, savedDate, digest, uidl, flags } = record
  const numbers = `${uid} ${start} ${messageStart} ${messageEnd} ${size} ${internalDate} ${savedDate}`
  const name = uidl === undefined ? '-' : `=${uidl}`
  return `M ${numbers} ${digest} ${name}${flags.length === 0 ? '' : ` ${flags.join(' ')}`}\n`
}

export function flagsLine({ uid, flags }: Pick<MessageRecord, 'uid' | 'flags'>): string {
  return `F ${[uid, ...flags].join(' ')}\n`
}

/** Lines and the one behind them that makes them valid. */
export function committed(lines: readonly string[], knowledge: FileKnowledge): string {
  const { uidNext, known, ended, verified, stamp } = knowledge
  const { dev, ino, size, mtimeMs, ctimeMs } = stamp
  const text = lines.join('')
  const facts = [uidNext, known, Number(ended), Number(verified), dev, ino, size, mtimeMs, ctimeMs]
  return text + summed(`S ${sumOf(text)} ${facts.join(' ')}`)
}

/** What an `S` line says; undefined where it is none. */
export function knowledgeOf(words: readonly string[] | undefined): FileKnowledge | undefined {
  if (words?.[0] !== 'S') return undefined
  const numbers = words.slice(2).map(Number)
  if (numbers.length !== 9 || !numbers.every(Number.isFinite)) return undefined
  const [uidNext = 0, known = 0, ended, verified, dev = 0, ino = 0, size = 0, mtimeMs = 0, ctimeMs = 0] =
    numbers
  const stamp = { dev, ino, size, mtimeMs, ctimeMs }
  return { uidNext, known, ended: ended === 1, verified: verified === 1, stamp }
}

/** Whether an `S` line is for the lines before it. */
export function isSealed(words: readonly string[], lines: Buffer): boolean {
  return words[1] === sumOf(lines)
}

/** What became of records by `M` and `F` lines; undefined where one says what cannot be. */
export function withLines(
  records: readonly MessageRecord[],
  lines: readonly string[],
): readonly MessageRecord[] | undefined {
  if (lines.length === 0) return records
  const byUid = new Map(records.map((record) => [record.uid, record]))
  for (const line of lines) {
    const words = line.split(' ')
    const before = byUid.get(Number(words[1]))
    const record = words[0] === 'F' ? before && { ...before, flags: words.slice(2) } : recordOf(words)
    if (record === undefined) return undefined
    byUid.set(record.uid, record)
  }
  return [...byUid.values()]
}

function recordOf(words: readonly string[]): MessageRecord | undefined {
  const name = words[9]
  if (name === undefined) return undefined
  const record = {
    uid: Number(words[1]),
    start: Number(words[2]),
    messageStart: Number(words[3]),
    messageEnd: Number(words[4]),
    size: Number(words[5]),
    internalDate: Number(words[6]),
    savedDate: Number(words[7]),
    digest: words[8] ?? '',
    uidl: name.startsWith('=') ? name.slice(1) : undefined,
    flags: words.length === 10 ? noFlags : words.slice(10),
  }
  const { uid, start, messageStart, messageEnd, size, internalDate, savedDate } = record
  return Number.isFinite(uid + start + messageStart + messageEnd + size + internalDate + savedDate)
    ? record
    : undefined
}

const noFlags: readonly string[] = []
