import type { ImapCall, ImapResult } from 'mailwright'
import { noteOwnChange } from '../../engine/own-changes.ts'
import { ok } from '../../engine/result.ts'

/** SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.7, §6.3.8). There need not be such a mailbox. */
export function subscribing(subscribed: boolean): (call: ImapCall) => Promise<ImapResult> {
  return async ({ args, session }) => {
    args.space()
    const mailbox = args.mailbox()
    args.end()
    await session.mail.subscribe(mailbox, subscribed)
    await noteOwnChange(session, subscribed ? { subscribed: mailbox } : { unsubscribed: mailbox })
    return ok(subscribed ? 'Subscribed' : 'Unsubscribed')
  }
}
