import { type ImapSession, type MailboxStatus, Pacer } from 'mailwright'
import { storageUnit } from './quota-root.ts'

/** DELETED-STORAGE (RFC 9208 §4.1.4): what an EXPUNGE would set free, in units of 1,024 octets. */
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
    return String(Math.ceil(octets / storageUnit))
  } finally {
    await mailbox.close()
  }
}
