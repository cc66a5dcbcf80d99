import { highestUid } from '../../model/mailbox.ts'
import { endedLines } from './lines.ts'

/** UIDs that a server gave to the messages of a mailbox. */
export interface MaildirUids {
  readonly uidValidity: number
  readonly uidNext: number
  /** By the file's name without flags. */
  readonly uids: ReadonlyMap<string, number>
}

/**
 * The first line of Dovecot's or Courier's list of UIDs: `1 <UIDVALIDITY> <next UID>`, or `3 V<UIDVALIDITY> N<next UID>
 * …`.
 */
export interface MaildirUidHeader {
  readonly version: 1 | 3
  readonly uidValidity: number
  readonly uidNext: number
}

const longestHeader = 1000

/** Reads it. Undefined for other versions, and for numbers that IMAP does not allow (RFC 9051 §2.3.1.1). */
export function parseMaildirUidHeader(octets: Buffer): MaildirUidHeader | undefined {
  const [first] = endedLines(octets.subarray(0, longestHeader))
  const [version, ...fields] = (first ?? '').split(' ')
  if (version === '1') return header(1, fields[0], fields[1])
  if (version !== '3') return undefined
  const field = (key: string): string | undefined => fields.findLast((each) => each[0] === key)?.slice(1)
  return header(3, field('V'), field('N'))
}

/** A UID or UIDVALIDITY in digits: 1 to 4,294,967,295. */
export function parseUid(digits: string | undefined): number | undefined {
  if (digits === undefined || !/^\d{1,10}$/.test(digits)) return undefined
  const uid = Number(digits)
  return uid >= 1 && uid <= highestUid ? uid : undefined
}

function header(
  version: MaildirUidHeader['version'],
  validity: string | undefined,
  next: string | undefined,
): MaildirUidHeader | undefined {
  const [uidValidity, uidNext] = [parseUid(validity), parseUid(next)]
  return uidValidity === undefined || uidNext === undefined ? undefined : { version, uidValidity, uidNext }
}
