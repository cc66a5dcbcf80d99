import type { AccountStore } from 'mailwright'
import type { MailboxRecord } from './journal-lines.ts'
import { PresentMessages } from './present-messages.ts'
import type { LoadedMessage } from './source.ts'
import type { Target } from './target-mailboxes.ts'

/** Messages that an earlier run may have stored without noting it: they are looked for in the target. */
export interface Doubts {
  /** Whether the message is there. */
  isPresent(message: LoadedMessage): Promise<boolean>
  close(): Promise<void>
}

const none: Doubts = { isPresent: async () => false, close: async () => undefined }

/** The doubts that a record leaves about a mailbox. */
export async function doubtsAbout(
  record: MailboxRecord,
  { name, uidValidity }: Target,
  account: AccountStore,
): Promise<Doubts> {
  const { recheck, pending, pendingFrom } = record
  if (!recheck && pending.size === 0) return none
  const from = !recheck && pendingFrom?.uidValidity === uidValidity ? pendingFrom.uid : 0
  const suspects = recheck ? undefined : new Set(pending)
  const mailbox = await account.openMailbox(name)
  const present = new PresentMessages(mailbox, from)
  return {
    isPresent: async (message) =>
      (suspects === undefined || suspects.has(message.entry.key)) && present.take(message),
    close: () => mailbox.close(),
  }
}
