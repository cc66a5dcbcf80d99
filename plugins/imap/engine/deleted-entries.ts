import { isDeleted, type MessageEntry } from 'mailwright'
import type { ImapSelected } from 'mailwright/imap'

/** Messages that EXPUNGE and CLOSE remove (RFC 9051 §6.4.1, §6.4.3): also by what others have marked, and not what they have spared. */
export async function entriesMarkedDeleted({ mailbox }: ImapSelected): Promise<readonly MessageEntry[]> {
  await mailbox.refresh()
  return mailbox.entries.filter(isDeleted)
}
