import { parseMaildirFileName } from './file-name.ts'
import { linesBehindFirst } from './lines.ts'
import { type MaildirUids, parseMaildirUidHeader, parseUid } from './uid-header.ts'

/** The file in a mailbox where Courier keeps its UIDs. */
export const courierUidDatabaseFile = 'courierimapuiddb'

/**
 * Reads Courier's list of UIDs: `1 <UIDVALIDITY> <next UID>`, then `<UID> <file name without flags>` a line. It is
 * always replaced whole.
 *
 * Undefined where the header is wrong, a UID occurs twice or is not below the next one: then clients may know messages
 * by other UIDs. A line that is none is passed over, as Courier does, and so is all that was cut off: the header tells
 * the next UID, so such a message gets a new UID and never another's. A name that occurs twice is left out as well.
 */
export function parseCourierUidDatabase(octets: Buffer): MaildirUids | undefined {
  const header = parseMaildirUidHeader(octets)
  if (header?.version !== 1) return undefined
  const { uidValidity, uidNext } = header
  const given = new Set<number>()
  const uids = new Map<string, number>()
  const doubles = new Set<string>()
  for (const line of linesBehindFirst(octets)) {
    const { uid, base } = parseLine(line ?? '')
    if (uid === undefined) continue
    if (uid >= uidNext || given.has(uid)) return undefined
    given.add(uid)
    if (base === undefined) continue
    if (uids.has(base)) doubles.add(base)
    uids.set(base, uid)
  }
  for (const base of doubles) uids.delete(base)
  return { uidValidity, uidNext, uids }
}

function parseLine(line: string): { readonly uid?: number | undefined; readonly base?: string | undefined } {
  const space = line.indexOf(' ')
  if (space < 0) return {}
  return { uid: parseUid(line.slice(0, space)), base: parseMaildirFileName(line.slice(space + 1))?.base }
}
