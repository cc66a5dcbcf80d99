import { type MailboxStatus, Pacer } from 'mailwright'
import type { ImapSession } from 'mailwright/imap'

/** DELETED-STORAGE (RFC 9208 §4.1.4): what an EXPUNGE would set free, in octets, as all sizes of messages are. */
export async function deletedStorage(
  { name, deleted }: MailboxStatus,
  { mail }: ImapSession,
): Promise<string> {
  if (deleted === 0) return '0'
  const mailbox = await mail.openMailbox(name)
  try {
    const pacer = new Pacer()
    let octets = 0
    for (const { flags, size } of mailbox.entries) {
      if (flags.includes('\\Deleted')) octets += size
      if (pacer.isDue) await pacer.rest()
    }
    return String(octets)
  } finally {
    await mailbox.close()
  }
}
