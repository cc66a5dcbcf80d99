import type { ImapCall, ImapResult, ImapSession } from 'mailwright/imap'
import { noteOwnChange } from '../../engine/own-changes.ts'
import { explained, no, noSuchName, ok } from '../../engine/result.ts'

/** Names that an account is subscribed to. Each change writes all of them. */
const mostSubscriptions = 10_000

/** SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.7, §6.3.8). There need not be such a mailbox. */
export function subscribing(subscribed: boolean): (call: ImapCall) => Promise<ImapResult> {
  return async ({ args, session }) => {
    args.space()
    const mailbox = args.mailbox()
    args.end()
    if (subscribed && (await isFull(session, mailbox))) return no('There are too many subscriptions', 'LIMIT')
    await explained(session.mail.subscribe(mailbox, subscribed), noSuchName)
    await noteOwnChange(session, subscribed ? { subscribed: mailbox } : { unsubscribed: mailbox })
    return ok(subscribed ? 'Subscribed' : 'Unsubscribed')
  }
}

/** Whether no other name can be subscribed to. Those that are there stay, however many. */
async function isFull({ mail, server }: ImapSession, mailbox: string): Promise<boolean> {
  if (!server.store.supports.subscriptions) return false
  const names = await mail.subscriptions()
  return names.length >= mostSubscriptions && !names.includes(mailbox)
}
