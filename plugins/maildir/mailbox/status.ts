import type { MailboxStatus } from 'mailwright'
import type { MailboxSnapshot } from './mailbox-snapshot.ts'

/** What there is to tell of a mailbox without opening it. */
export function statusOf(
  name: string,
  { id, uidValidity, uidNext, modSequence, entries }: MailboxSnapshot,
): MailboxStatus {
  let unseen = 0
  let deleted = 0
  let size = 0
  for (const entry of entries) {
    if (!entry.flags.includes('\\Seen')) unseen += 1
    if (entry.flags.includes('\\Deleted')) deleted += 1
    size += entry.size
  }
  return {
    name,
    id,
    uidValidity,
    uidNext,
    messages: entries.length,
    unseen,
    deleted,
    size,
    highestModSequence: modSequence,
  }
}
