import { crc32 } from 'node:zlib'
import { UnavailableError } from 'mailwright'
import { baseOfPrintable, printableName } from './message-name.ts'

/** What a mailbox remembers of a message under its UID. */
export interface UidRecord {
  readonly uid: number
  /** Milliseconds since 1970. */
  readonly internalDate: number
  /** Octets with CRLF line ends. */
  readonly size: number
  /** The file's name without flags. */
  readonly base: string
}

/**
 * The UIDs of a mailbox, as in the file `mailwright-uids`:
 *
 * ```
 * mailwright-uids 1 <UIDVALIDITY> <next UID>
 * <UID> <internal date, ms> <size> <name>          one a message, ascending
 * + <file name>                                    arriving: still in tmp, to be moved into cur
 * - <name>                                         leaving: to be removed from new and cur
 * end <number of messages> <CRC-32 of all before>
 * ```
 *
 * The file is replaced whole. `+` and `-` make copies and expunges of several messages one change: once the file is
 * there the change has happened, and whoever opens the mailbox next finishes it.
 */
export interface UidList {
  readonly uidValidity: number
  readonly uidNext: number
  readonly records: readonly UidRecord[]
  readonly arriving: readonly string[]
  readonly leaving: readonly string[]
}

export const uidFileName = 'mailwright-uids'
export const highestUid = 4_294_967_295

const version = 1
const headerForm = /^mailwright-uids (\d{1,5}) (\d{1,10}) (\d{1,10})$/
const recordForm = /^(\d{1,10}) (-?\d{1,15}) (\d{1,15}) ([\x21-\x7e]+)$/
const pendingForm = /^([+-]) ([\x21-\x7e]+)$/
const trailerForm = /(?:^|\n)end (\d{1,10}) ([0-9a-f]{8})\n$/

export function emptyUidList(uidValidity: number): UidList {
  return { uidValidity, uidNext: 1, records: [], arriving: [], leaving: [] }
}

export function formatUidList(list: UidList): Buffer {
  const lines = [`mailwright-uids ${version} ${list.uidValidity} ${list.uidNext}`]
  for (const { uid, internalDate, size, base } of list.records)
    lines.push(`${uid} ${internalDate} ${size} ${printableName(base)}`)
  for (const name of list.arriving) lines.push(`+ ${printableName(name)}`)
  for (const name of list.leaving) lines.push(`- ${printableName(name)}`)
  const body = `${lines.join('\n')}\n`
  return Buffer.from(`${body}end ${list.records.length} ${checksum(body)}\n`)
}

/**
 * Reads the file's octets. Undefined for a file that is damaged in any way: then no UID in it can be trusted.
 * MAIL_E_UNAVAILABLE for a file of a later version, which is not damaged.
 */
export function parseUidList(octets: Buffer): UidList | undefined {
  const text = octets.toString('latin1')
  const header = headerForm.exec(text.slice(0, Math.max(0, text.indexOf('\n'))))
  if (header === null) return undefined
  if (Number(header[1]) > version)
    throw new UnavailableError(`${uidFileName} was written by a later version of Mailwright`)
  const trailer = trailerForm.exec(text.slice(-40))
  if (trailer === null) return undefined
  const bodyLength = text.length - trailer[0].length + (trailer[0].startsWith('\n') ? 1 : 0)
  if (checksum(text.slice(0, bodyLength)) !== trailer[2]) return undefined
  const list = parseLines(
    text
      .slice(0, bodyLength - 1)
      .split('\n')
      .slice(1),
    Number(header[2]),
    Number(header[3]),
  )
  return list?.records.length === Number(trailer[1]) ? list : undefined
}

function parseLines(lines: readonly string[], uidValidity: number, uidNext: number): UidList | undefined {
  const records: UidRecord[] = []
  const pending: Record<string, string[]> = { '+': [], '-': [] }
  let last = 0
  for (const line of lines) {
    const record = parseRecord(line)
    if (record !== undefined) {
      if (record.uid <= last || record.uid >= uidNext) return undefined
      last = record.uid
      records.push(record)
      continue
    }
    const [, sign = '', printed = ''] = pendingForm.exec(line) ?? []
    const name = baseOfPrintable(printed)
    if (sign === '' || name === undefined || name.includes('/')) return undefined
    pending[sign]?.push(name)
  }
  return { uidValidity, uidNext, records, arriving: pending['+'] ?? [], leaving: pending['-'] ?? [] }
}

function parseRecord(line: string): UidRecord | undefined {
  const [, uid, internalDate, size, printed = ''] = recordForm.exec(line) ?? []
  const base = uid === undefined ? undefined : baseOfPrintable(printed)
  if (base === undefined || base.includes('/')) return undefined
  return { uid: Number(uid), internalDate: Number(internalDate), size: Number(size), base }
}

function checksum(text: string): string {
  return crc32(Buffer.from(text, 'latin1')).toString(16).padStart(8, '0')
}
