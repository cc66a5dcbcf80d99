import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import {
  type CourierKeywords,
  courierKeywordListFile,
  courierKeywordsDirectory,
  courierSubscribedFile,
  courierUidDatabaseFile,
  dovecotKeywordsFile,
  dovecotSubscriptionsFile,
  dovecotUidlistFile,
  newestCourierKeywordFiles,
  parseCourierKeywordFile,
  parseCourierKeywordList,
  parseCourierSubscribed,
  parseCourierUidDatabase,
  parseDovecotKeywords,
  parseDovecotSubscriptions,
  parseDovecotUidlist,
} from 'mailwright/formats'
import { joined } from './maildir-tree.ts'

// Far above what a million messages need.
const longestList = 256 * 1024 * 1024
const longestUpdate = 64 * 1024
const lineFeed = 0x0a

/** What servers wrote beside the messages of a Maildir. Messages go by their files' names without flags. */
export interface MaildirLists {
  readonly uids: ReadonlyMap<string, number>
  /** What Dovecot's letters in the names of files mean. */
  readonly keywordOfLetter: ReadonlyMap<string, string>
  /** Courier's, which no file name tells. */
  readonly keywordsOfMessage: CourierKeywords
}

/** Reads Dovecot's and Courier's lists of a mailbox; what is damaged is as if it were not there. */
export async function readLists(path: Buffer): Promise<MaildirLists> {
  const dovecot = await readList(joined(path, dovecotUidlistFile))
  const courier = await readList(joined(path, courierUidDatabaseFile))
  const keywords = await readList(joined(path, dovecotKeywordsFile))
  return {
    uids: uidsIn(dovecot, courier),
    keywordOfLetter: keywords === undefined ? new Map() : parseDovecotKeywords(keywords.octets),
    // They grow stale as soon as Dovecot has taken over from Courier.
    keywordsOfMessage: isLater(dovecot, courier)
      ? new Map()
      : await courierKeywords(joined(path, courierKeywordsDirectory)),
  }
}

/** The names, by their levels, that a Maildir's owner has subscribed to. */
export async function readSubscriptions(path: Buffer): Promise<readonly (readonly string[])[]> {
  const dovecot = await readList(joined(path, dovecotSubscriptionsFile))
  const courier = await readList(joined(path, courierSubscribedFile))
  const names =
    courier !== undefined && !isLater(dovecot, courier)
      ? parseCourierSubscribed(courier.octets)
      : dovecot && parseDovecotSubscriptions(dovecot.octets)
  return (names ?? []).map((name) => name.split('/'))
}

interface ListFile {
  readonly octets: Buffer
  readonly changedAt: number
}

/** A Maildir that came from one server to another has the lists of both; the one that was written last is right. */
function isLater(one: ListFile | undefined, two: ListFile | undefined): boolean {
  return one !== undefined && one.changedAt >= (two?.changedAt ?? Number.NEGATIVE_INFINITY)
}

function uidsIn(dovecot: ListFile | undefined, courier: ListFile | undefined): ReadonlyMap<string, number> {
  const ofDovecot = () => dovecot && dovecotUids(dovecot)
  const ofCourier = () => courier && parseCourierUidDatabase(courier.octets)?.uids
  const uids = isLater(dovecot, courier) ? (ofDovecot() ?? ofCourier()) : (ofCourier() ?? ofDovecot())
  return uids ?? new Map()
}

function dovecotUids({ octets }: ListFile): ReadonlyMap<string, number> | undefined {
  // A server that runs may be writing the last line. Whoever takes over must not go on without it; for us that message
  // has no UID yet.
  const list = parseDovecotUidlist(octets.subarray(0, octets.lastIndexOf(lineFeed) + 1))
  return list && new Map([...list.records].map(([base, { uid }]) => [base, uid]))
}

/** A list of all, and files for what was changed since. */
async function courierKeywords(path: Buffer): Promise<CourierKeywords> {
  const list = await readList(joined(path, courierKeywordListFile))
  const keywords = new Map(list === undefined ? [] : parseCourierKeywordList(list.octets))
  const names = await readdir(path).catch(() => [])
  for (const [base, name] of newestCourierKeywordFiles(names)) {
    const file = await readList(joined(path, name), longestUpdate)
    if (file !== undefined) keywords.set(base, parseCourierKeywordFile(file.octets))
  }
  return keywords
}

/** Undefined for what is not there, no file, or too large to be a list. */
async function readList(path: Buffer, longest = longestList): Promise<ListFile | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const status = await file.stat()
      if (!status.isFile() || status.size > longest) return undefined
      return { octets: await file.readFile(), changedAt: status.mtimeMs }
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}
