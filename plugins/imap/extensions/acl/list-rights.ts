import type { ImapCall, ImapResult } from 'mailwright/imap'
import { canonicalIdentifier, grantableRights } from 'mailwright/rights'
import { ok } from '../../engine/result.ts'
import { ownerOf } from './owner.ts'
import { readIdentifier } from './set-acl.ts'

/** LISTRIGHTS (RFC 4314 §3.4): who may change a list may know what can be given. */
export async function listRights({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const mailbox = args.mailbox()
  args.space()
  const identifier = readIdentifier(args)
  args.end()
  const { mail, out } = session
  const owner = ownerOf(session, mailbox, await mail.accessList(mailbox))
  const { required, optional } = grantableRights(canonicalIdentifier(identifier), owner)
  const rights = [required, ...optional].map((letters) => out.astring(letters)).join(' ')
  out.untagged(`LISTRIGHTS ${out.mailbox(mailbox)} ${out.astring(out.utf8(identifier))} ${rights}`)
  return ok('That is all')
}
