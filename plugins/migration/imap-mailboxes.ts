import type { ImapFlow, ListResponse } from 'imapflow'
import { specialUse } from 'mailwright'
import type { SkippedPart, SourceMailbox } from './source.ts'
import { plainName } from './target-name.ts'

/** What a server has. */
export interface ImapListing {
  readonly mailboxes: readonly SourceMailbox[]
  readonly subscriptions: readonly (readonly string[])[]
  readonly skipped: readonly SkippedPart[]
}

/** Lists the account's own mailboxes, with what they are for. Those of others are named as left out. */
export async function listMailboxes(client: ImapFlow): Promise<ImapListing> {
  const entries = await client.list({ statusQuery: { messages: true } })
  const mailboxes: SourceMailbox[] = []
  const subscriptions: (readonly string[])[] = []
  const skipped: SkippedPart[] = []
  for (const entry of entries) {
    if (isForeign(client, entry)) {
      skipped.push({ what: entry.pathAsListed, why: 'it belongs to somebody else' })
      continue
    }
    const levels = levelsOf(client, entry)
    if (entry.subscribed) subscriptions.push(levels)
    if (entry.flags.has('\\Noselect') || entry.flags.has('\\NonExistent')) continue
    const [use, messages] = [specialUse(entry.specialUse ?? ''), entry.status?.messages]
    mailboxes.push({
      key: entry.path,
      levels,
      ...(use === undefined ? {} : { specialUse: use }),
      ...(messages === undefined ? {} : { messages }),
    })
  }
  return { mailboxes: mailboxes.sort(byName), subscriptions, skipped }
}

/** A server with a prefix before everything, such as `INBOX.`, means nothing by it. */
function levelsOf({ namespace }: ImapFlow, { path, delimiter }: ListResponse): readonly string[] {
  const prefix = namespace?.prefix ?? ''
  const isPrefixed = prefix !== '' && path.startsWith(prefix) && path.length > prefix.length
  const rest = isPrefixed ? path.slice(prefix.length) : path
  return delimiter ? rest.split(delimiter) : [rest]
}

/** The path has the prefix of the account's own mailboxes put before it by then, wherever it lies. */
function isForeign({ namespaces }: ImapFlow, { pathAsListed }: ListResponse): boolean {
  const others = [...(namespaces?.other || []), ...(namespaces?.shared || [])]
  const own = (namespaces?.personal ?? []).map(({ prefix }) => prefix)
  return others.some(
    ({ prefix }) => prefix !== '' && !own.includes(prefix) && pathAsListed.startsWith(prefix),
  )
}

function byName(a: SourceMailbox, b: SourceMailbox): number {
  const [one, two] = [plainName(a.levels), plainName(b.levels)]
  if (one === 'INBOX' || two === 'INBOX') return one === two ? 0 : one === 'INBOX' ? -1 : 1
  return one < two ? -1 : 1
}
