import type { ImapCall, ImapResult } from 'mailwright'
import { ok } from '../../engine/result.ts'
import { noteOwnChange } from './own-changes.ts'

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
