import { addressIdentifier, type ImapCall, type ImapResult, withObsoleteRights } from 'mailwright'
import { ok } from '../../engine/result.ts'
import { ownerOf } from './owner.ts'

/** GETACL (RFC 4314 §3.3). The owner is told by its address, which people know, unlike its id. */
export async function getAcl({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const mailbox = args.mailbox()
  args.end()
  const { mail, out } = session
  const list = await mail.accessList(mailbox)
  const owner = ownerOf(session, mailbox, list)
  const entries = list.map(({ identifier, rights }) => {
    const shown = identifier === owner?.id ? addressIdentifier(owner.address) : identifier
    return ` ${out.astring(out.utf8(shown))} ${out.astring(withObsoleteRights(rights))}`
  })
  out.untagged(`ACL ${out.mailbox(mailbox)}${entries.join('')}`)
  return ok('That is all')
}
