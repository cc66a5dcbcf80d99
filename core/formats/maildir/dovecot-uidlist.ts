import { MailwrightError } from '../../errors.ts'
import { parseMaildirFileName } from './file-name.ts'
import { isEnded, linesBehindFirst } from './lines.ts'
import { type MaildirUidHeader, type MaildirUids, parseMaildirUidHeader, parseUid } from './uid-header.ts'

/** The file in a mailbox where Dovecot keeps its UIDs. */
export const dovecotUidlistFile = 'dovecot-uidlist'

/** What Dovecot remembers of a message. */
export interface DovecotUidlistRecord {
  readonly uid: number
  /** Octets with CRLF line ends, where the file's name does not tell. */
  readonly size?: number
  /** What POP3 clients were told, where it is not made by Dovecot's format; empty for the file's base name. */
  readonly pop3Uidl?: string
  /** Where it is not the file's base name. */
  readonly guid?: string
}

export interface DovecotUidlist {
  readonly uidValidity: number
  readonly uidNext: number
  /** By the file's name without flags. */
  readonly records: ReadonlyMap<string, DovecotUidlistRecord>
}

/**
 * Reads Dovecot's list of UIDs. Version 1 is `<UID> <file name>` a line, all of them written at once; version 3 is
 * `<UID> <fields> :<file name>`, and gets lines appended, so that its header may be behind: the next UID is above the
 * header's and above every line's. Where a name occurs again, its later UID counts, as it does for Dovecot.
 *
 * Undefined for a list of which Dovecot itself would not believe anything: with a header that is wrong, a line that is
 * none, UIDs that do not ascend (or, in version 1, are not below the next one), or a name with a slash. Also for a
 * version 3 that ends within a line: what else was cut off could be UIDs that clients know, and nobody could tell that
 * they must not be given again.
 */
export function parseDovecotUidlist(octets: Buffer): DovecotUidlist | undefined {
  const header = parseMaildirUidHeader(octets)
  if (header === undefined || (header.version === 3 && !isEnded(octets))) return undefined
  const records = new Map<string, DovecotUidlistRecord>()
  let last = 0
  for (const line of linesBehindFirst(octets)) {
    const entry = line === undefined ? undefined : parseEntry(line, header.version)
    if (entry === undefined) return undefined
    const { record, fileName } = entry
    if (record.uid <= last || (header.version === 1 && record.uid >= header.uidNext)) return undefined
    last = record.uid
    const name = parseMaildirFileName(fileName)
    if (name !== undefined) records.set(name.base, record)
  }
  const uidNext = Math.max(header.uidNext, last + 1)
  return parseUid(String(uidNext)) === undefined
    ? undefined
    : { uidValidity: header.uidValidity, uidNext, records }
}

/**
 * Writes a list of version 3. The file may only be replaced whole. MAIL_E_INVALID for what is no file's name without
 * flags, or cannot stand in a line.
 */
export function formatDovecotUidlist({ uidValidity, uidNext, uids }: MaildirUids): Buffer {
  const lines = [...uids]
    .sort(([, a], [, b]) => a - b)
    .map(([base, uid]) => {
      if (/[/\n]/.test(base) || parseMaildirFileName(base)?.base !== base)
        throw new MailwrightError('MAIL_E_INVALID', `not a message's name: ${JSON.stringify(base)}`)
      return `${uid} :${base}\n`
    })
  return Buffer.from(`3 V${uidValidity} N${uidNext}\n${lines.join('')}`)
}

interface Entry {
  readonly record: DovecotUidlistRecord
  readonly fileName: string
}

function parseEntry(line: string, version: MaildirUidHeader['version']): Entry | undefined {
  const space = line.indexOf(' ')
  const uid = space < 0 ? undefined : parseUid(line.slice(0, space))
  if (uid === undefined) return undefined
  const fields: string[] = []
  let at = behindSpaces(line, space)
  if (version === 3) {
    while (line[at] !== ':') {
      const end = line.indexOf(' ', at)
      if (end < 0) return undefined
      fields.push(line.slice(at, end))
      at = behindSpaces(line, end)
    }
    at += 1
  }
  const fileName = line.slice(at)
  return fileName === '' || fileName.includes('/') ? undefined : { record: recordOf(uid, fields), fileName }
}

function behindSpaces(line: string, from: number): number {
  let at = from
  while (line[at] === ' ') at += 1
  return at
}

function recordOf(uid: number, fields: readonly string[]): DovecotUidlistRecord {
  const field = (key: string): string | undefined => fields.find((each) => each[0] === key)?.slice(1)
  const [size, pop3Uidl, guid] = [field('W'), field('P'), field('G')]
  return {
    uid,
    ...(size !== undefined && /^\d{1,15}$/.test(size) ? { size: Number(size) } : {}),
    ...(pop3Uidl === undefined ? {} : { pop3Uidl }),
    ...(guid === undefined ? {} : { guid }),
  }
}
