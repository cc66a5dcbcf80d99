import { withObsoleteRights } from 'mailwright'
import type { ImapCall, ImapResult } from 'mailwright/imap'
import { addressIdentifier } from 'mailwright/rights'
import { ok } from '../../engine/result.ts'
import { ownerOf } from './owner.ts'
import { shownIdentifier } from './shown-identifier.ts'

/** GETACL (RFC 4314 §3.3). Accounts are told by their addresses, which people know, unlike their ids. */
export async function getAcl({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const mailbox = args.mailbox()
  args.end()
  const { mail, out } = session
  const list = await mail.accessList(mailbox)
  const owner = ownerOf(session, mailbox, list)
  const entries = list.map((entry) => {
    const { rights } = entry
    const shown = entry.identifier === owner?.id ? addressIdentifier(owner.address) : shownIdentifier(entry)
    return ` ${out.astring(out.utf8(shown))} ${out.astring(withObsoleteRights(rights))}`
  })
  out.untagged(`ACL ${out.mailbox(mailbox)}${entries.join('')}`)
  return ok('That is all')
}
