import { withObsoleteRights } from 'mailwright'
import type { ImapCall, ImapResult, ImapSession } from 'mailwright/imap'
import { ok } from '../../engine/result.ts'

/** MYRIGHTS (RFC 4314 §3.5). */
export async function myRights({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const mailbox = args.mailbox()
  args.end()
  session.out.untagged(await rightsResponse(session, mailbox))
  return ok('That is all')
}

/** A MYRIGHTS response without `* ` and line end (RFC 4314 §3.8). Rejects as the store does. */
export async function rightsResponse({ mail, out }: ImapSession, mailbox: string): Promise<string> {
  const rights = withObsoleteRights(await mail.myRights(mailbox))
  return `MYRIGHTS ${out.mailbox(mailbox)} ${out.astring(rights)}`
}
