import { errorCode } from 'mailwright'
import type { ImapCall, ImapResult, ImapSession } from 'mailwright/imap'
import { noteOwnChange } from '../../engine/own-changes.ts'
import { explained, no, noSuchName, ok } from '../../engine/result.ts'

/** DELETE (RFC 9051 §6.3.5). Mailboxes below it stay; where it is the selected one, none is selected afterwards. */
export async function remove({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const mailbox = args.mailbox()
  args.end()
  await session.access(mailbox, 'delete')
  try {
    const isInbox = /^(?:.*\/)?INBOX$/s.test(mailbox)
    await explained(session.mail.deleteMailbox(mailbox), isInbox ? 'INBOX cannot be deleted' : noSuchName)
  } catch (error) {
    if (errorCode(error) !== 'MAIL_E_NOT_FOUND' || !(await isLevel(session, mailbox))) throw error
    // RFC 9051 §6.3.5: a name that is no mailbox and has some below it cannot be deleted.
    return no('There are mailboxes below that name', 'HASCHILDREN')
  }
  await noteOwnChange(session, { gone: mailbox })
  if (session.selected?.name !== mailbox) return ok('Deleted')
  // RFC 9051 §7.1: CLOSED is for where another mailbox is opened.
  await session.unselect()
  return ok('Deleted, and no mailbox is selected any more')
}

async function isLevel({ mail }: ImapSession, mailbox: string): Promise<boolean> {
  return (await mail.mailboxes()).some(({ name }) => name.startsWith(`${mailbox}/`))
}
