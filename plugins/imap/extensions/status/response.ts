import type { ImapArguments, ImapSession, ImapStatusItem } from 'mailwright/imap'

/** The items that are asked for, each once. */
export type StatusItems = ReadonlyMap<string, ImapStatusItem>

/** Reads items in parentheses (RFC 9051 §9, status-att). */
export function readStatusItems(args: ImapArguments, { server }: ImapSession): StatusItems {
  const items = args.list((): readonly [string, ImapStatusItem] => {
    const name = args.word()
    return [name, server.vocabulary.statusItems.get(name) ?? args.fail(`The item ${name} is unknown`)]
  }, 1)
  return new Map(items)
}

/** A STATUS response without `* ` and line end (RFC 9051 §7.3.4). Rejects as the store does. */
export async function statusResponse(
  session: ImapSession,
  mailbox: string,
  items: StatusItems,
): Promise<string> {
  const status = await session.mail.status(mailbox)
  const told: string[] = []
  for (const [name, item] of items) {
    const value = item(status, session)
    const text = typeof value === 'object' ? await value : value
    if (text !== undefined) told.push(`${name} ${text}`)
  }
  return `STATUS ${session.out.mailbox(mailbox)} (${told.join(' ')})`
}
