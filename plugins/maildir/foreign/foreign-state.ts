import { join } from 'node:path'
import {
  type CourierKeywords,
  courierPop3ListFile,
  courierUidDatabaseFile,
  type DovecotUidlist,
  dovecotKeywordsFile,
  dovecotUidlistFile,
  formatDovecotUidl,
  isPop3Uidl,
  parseCourierPop3List,
  parseCourierUidDatabase,
  parseDovecotKeywords,
  parseDovecotUidlist,
  parseMaildirUidHeader,
} from 'mailwright/formats'
import type { FileSystem } from '../files/file-system.ts'
import { readCourierKeywords } from './courier-keyword-directory.ts'
import { type ForeignFile, messageListLimit, readForeignFile, smallFileLimit } from './foreign-file.ts'

/** What another server knows of a mailbox. Messages go by their files' names without flags. */
export interface ForeignMailbox {
  /** Whose UIDs, keywords of messages and UIDLs these are. */
  readonly source: 'dovecot' | 'courier'
  /**
   * Undefined where the server has given no UIDs, or its list of them cannot be trusted: then `uids` is empty, and the
   * messages need new UIDs under a UIDVALIDITY above `lastUidValidity`. The rest holds all the same.
   */
  readonly uidValidity: number | undefined
  /** 1 where there are no UIDs. */
  readonly uidNext: number
  /** Some of the messages may be gone, and others may not be here: they come after, with UIDs from `uidNext` on. */
  readonly uids: ReadonlyMap<string, number>
  /** The highest UIDVALIDITY that any server's list names, trusted or not; 0 where none does. */
  readonly lastUidValidity: number
  readonly keywords: {
    /** What the letters `a` to `z` in the mailbox's file names mean (Dovecot). */
    readonly ofLetter: ReadonlyMap<string, string>
    /** Keywords that no file name tells (Courier). */
    readonly ofMessage: CourierKeywords
  }
  /** What POP3 clients were told, as far as it is known. */
  readonly pop3Uidls: ReadonlyMap<string, string>
  /** Octets with CRLF line ends as they were told to clients, where the file's name does not tell. */
  readonly sizes: ReadonlyMap<string, number>
}

export interface ForeignStateOptions {
  /**
   * The `pop3_uidl_format` of the Dovecot that was here, for a mailbox that it showed to POP3 clients; see
   * `formatDovecotUidl` and `defaultDovecotUidlFormat`. Where absent only UIDLs that Dovecot wrote down are known.
   */
  readonly pop3UidlFormat?: string
}

/**
 * Reads what Dovecot or Courier-IMAP left in a mailbox's directory; undefined where neither left anything.
 *
 * Where both have a list of UIDs, the one that was written later counts, and Dovecot's of two with the same time: it is
 * the server that clients saw last. The other's is then not looked at, even where the later cannot be trusted. What
 * Dovecot's letters mean counts in any case, since they stay in file names.
 *
 * These lists grow stale as soon as the mailbox is ours. Who calls this must know from elsewhere that we have never
 * given a UID in the mailbox: the lists would give UIDs again that we gave to other messages since.
 *
 * Trouble of the disk is thrown as the system gives it; see `readForeignFile`.
 */
export async function readForeignState(
  files: FileSystem,
  path: string,
  { pop3UidlFormat }: ForeignStateOptions = {},
): Promise<ForeignMailbox | undefined> {
  const read = (name: string, limit: number) => readForeignFile(files, join(path, name), limit)
  const uidlist = await read(dovecotUidlistFile, messageListLimit)
  const uidDatabase = await read(courierUidDatabaseFile, messageListLimit)
  const letters = await read(dovecotKeywordsFile, smallFileLimit)
  const pop3List = await read(courierPop3ListFile, messageListLimit)
  const byFiles = laterOf(uidlist, uidDatabase) ?? laterOf(letters, pop3List)
  const ofMessage: CourierKeywords =
    byFiles === 'dovecot' ? new Map() : await readCourierKeywords(files, path)
  const source = byFiles ?? (ofMessage.size > 0 ? 'courier' : undefined)
  if (source === undefined) return undefined
  const known =
    source === 'dovecot' ? knownToDovecot(uidlist, pop3UidlFormat) : knownToCourier(uidDatabase, pop3List)
  return {
    source,
    ...known,
    lastUidValidity: Math.max(...[uidlist, uidDatabase].map(uidValidityIn)),
    keywords: {
      ofLetter: letters === undefined ? new Map() : parseDovecotKeywords(letters.octets),
      ofMessage,
    },
  }
}

function laterOf(
  dovecot: ForeignFile | undefined,
  courier: ForeignFile | undefined,
): ForeignMailbox['source'] | undefined {
  if (courier === undefined) return dovecot === undefined ? undefined : 'dovecot'
  return dovecot === undefined || dovecot.modified < courier.modified ? 'courier' : 'dovecot'
}

function uidValidityIn(file: ForeignFile | undefined): number {
  return file === undefined ? 0 : (parseMaildirUidHeader(file.octets)?.uidValidity ?? 0)
}

type KnownByServer = Pick<ForeignMailbox, 'uidValidity' | 'uidNext' | 'uids' | 'pop3Uidls' | 'sizes'>

const nothing: KnownByServer = {
  uidValidity: undefined,
  uidNext: 1,
  uids: new Map(),
  pop3Uidls: new Map(),
  sizes: new Map(),
}

function knownToDovecot(file: ForeignFile | undefined, format: string | undefined): KnownByServer {
  const list = file === undefined ? undefined : parseDovecotUidlist(file.octets)
  if (list === undefined) return nothing
  const uids = new Map<string, number>()
  const sizes = new Map<string, number>()
  for (const [base, { uid, size }] of list.records) {
    uids.set(base, uid)
    if (size !== undefined) sizes.set(base, size)
  }
  return {
    uidValidity: list.uidValidity,
    uidNext: list.uidNext,
    uids,
    pop3Uidls: dovecotUidls(list, format),
    sizes,
  }
}

function dovecotUidls(
  { uidValidity, records }: DovecotUidlist,
  format: string | undefined,
): ReadonlyMap<string, string> {
  const uidls = new Map<string, string>()
  for (const [base, { uid, pop3Uidl, guid = base }] of records) {
    const made =
      format === undefined ? undefined : formatDovecotUidl(format, { uid, uidValidity, base, guid })
    const uidl = pop3Uidl === '' ? base : (pop3Uidl ?? made)
    if (uidl !== undefined && isPop3Uidl(uidl)) uidls.set(base, uidl)
  }
  return uidls
}

function knownToCourier(file: ForeignFile | undefined, pop3List: ForeignFile | undefined): KnownByServer {
  const database = file === undefined ? undefined : parseCourierUidDatabase(file.octets)
  const pop3Uidls = pop3List === undefined ? undefined : parseCourierPop3List(pop3List.octets)
  return { ...nothing, ...database, pop3Uidls: pop3Uidls ?? new Map() }
}
