import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { parseCourierKeywords, parseDovecotKeywords } from './maildir-keywords.ts'
import { parseCourierSubscriptions, parseDovecotSubscriptions } from './maildir-subscriptions.ts'
import { joined } from './maildir-tree.ts'
import { type MaildirUidList, parseMaildirUidList } from './maildir-uid-list.ts'

// Far above what a million messages need.
const longestList = 256 * 1024 * 1024
const longestUpdate = 64 * 1024

/** What servers wrote beside the messages of a Maildir. */
export interface MaildirLists {
  /** By the base of a message's name. */
  readonly uids: ReadonlyMap<string, number>
  /** By the letters of Dovecot's file names. */
  readonly keywords: ReadonlyMap<number, string>
  /** Courier's, by the base of a message's name. */
  readonly keywordsByBase: ReadonlyMap<string, readonly string[]>
}

/** Reads Dovecot's and Courier's lists of a mailbox; what is damaged is as if it were not there. */
export async function readLists(path: Buffer): Promise<MaildirLists> {
  const dovecot = await readList(joined(path, 'dovecot-uidlist'))
  const courier = await readList(joined(path, 'courierimapuiddb'))
  const keywords = await readList(joined(path, 'dovecot-keywords'))
  return {
    uids: newest(dovecot, courier)?.uids ?? new Map(),
    keywords: keywords === undefined ? new Map() : parseDovecotKeywords(keywords.octets),
    // They grow stale as soon as Dovecot has taken over from Courier.
    keywordsByBase: isLater(dovecot, courier)
      ? new Map()
      : await courierKeywords(joined(path, 'courierimapkeywords')),
  }
}

/** The names, by their levels, that a Maildir's owner has subscribed to. */
export async function readSubscriptions(path: Buffer): Promise<readonly (readonly string[])[]> {
  const dovecot = await readList(joined(path, 'subscriptions'))
  const courier = await readList(joined(path, 'courierimapsubscribed'))
  if (courier !== undefined && !isLater(dovecot, courier)) return parseCourierSubscriptions(courier.octets)
  return dovecot === undefined ? [] : parseDovecotSubscriptions(dovecot.octets)
}

interface ListFile {
  readonly octets: Buffer
  readonly changedAt: number
}

/** A Maildir that came from one server to another has the lists of both; the one that was written last is right. */
function isLater(one: ListFile | undefined, two: ListFile | undefined): boolean {
  return one !== undefined && one.changedAt >= (two?.changedAt ?? Number.NEGATIVE_INFINITY)
}

function newest(one: ListFile | undefined, two: ListFile | undefined): MaildirUidList | undefined {
  for (const file of isLater(one, two) ? [one, two] : [two, one]) {
    const list = file === undefined ? undefined : parseMaildirUidList(file.octets)
    if (list !== undefined) return list
  }
  return undefined
}

/** `:list` is a summary; files of the messages' names hold what was changed since, `.<number>.<base>` in turn. */
async function courierKeywords(path: Buffer): Promise<ReadonlyMap<string, readonly string[]>> {
  const list = await readList(joined(path, ':list'))
  const keywords = new Map(list === undefined ? [] : parseCourierKeywords(list.octets))
  const updates = new Map<string, { readonly order: number; readonly name: string }>()
  for (const name of await readdir(path, { encoding: 'latin1' }).catch(() => [])) {
    const [, number = '', base = ''] = /^\.(\d{1,15})\.(.+)$/.exec(name) ?? []
    const update = { order: base === '' ? Number.POSITIVE_INFINITY : Number(number), name }
    const key = base === '' ? name : base
    if (name !== ':list' && update.order > (updates.get(key)?.order ?? -1)) updates.set(key, update)
  }
  for (const [base, { name }] of updates) {
    const file = await readList(joined(path, Buffer.from(name, 'latin1')), longestUpdate)
    if (file === undefined) continue
    keywords.set(base, file.octets.toString('latin1').split(/\r?\n/).filter(Boolean))
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
