import { type MailboxInfo, Pacer } from 'mailwright'
import type { ImapSession } from 'mailwright/imap'

/** What an account can see at one moment. */
export interface MailboxNames {
  /** Mailboxes that exist, INBOX first, then sorted. */
  readonly infos: ReadonlyMap<string, MailboxInfo>
  /** Whether or not there are such mailboxes. */
  readonly subscribed: ReadonlySet<string>
  /** Names with mailboxes below them, whether or not they are mailboxes themselves. */
  readonly parents: ReadonlySet<string>
}

/** Asks the store. Where it remembers no subscriptions, everybody is subscribed to everything. */
export async function mailboxNames({ mail, server }: ImapSession): Promise<MailboxNames> {
  const { subscriptions } = server.store.supports
  const [mailboxes, names] = await Promise.all([
    mail.mailboxes(),
    subscriptions ? mail.subscriptions() : undefined,
  ])
  const infos = new Map(mailboxes.map((info) => [info.name, info]))
  const parents = new Set<string>()
  const pacer = new Pacer()
  for (const name of infos.keys()) {
    noteLevelsAbove(name, parents)
    if (pacer.isDue) await pacer.rest()
  }
  return { infos, subscribed: new Set(names ?? infos.keys()), parents }
}

/** Adds all levels above a name. Where one is there already, so are those above it. */
export function noteLevelsAbove(name: string, levels: Set<string>): void {
  for (let end = name.lastIndexOf('/'); end > 0; end = name.lastIndexOf('/', end - 1)) {
    const level = name.slice(0, end)
    if (levels.has(level)) return
    levels.add(level)
  }
}

/** INBOX first, the others by their characters, so that a mailbox stands before those below it. */
export function compareMailboxNames(one: string, other: string): number {
  if (one === other) return 0
  if (one === 'INBOX' || other === 'INBOX') return one === 'INBOX' ? -1 : 1
  return one < other ? -1 : 1
}
