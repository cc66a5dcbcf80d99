import { allLines } from './lines.ts'
import { mailboxesOf } from './mailbox-levels.ts'

/** The file in an account's Maildir where Courier keeps its subscriptions. */
export const courierSubscribedFile = 'courierimapsubscribed'

const personal = /^inbox(?:\.(.*))?$/i

/**
 * Reads the names that an account is subscribed to, in our spelling, in the order of the file: `INBOX.Work.Bills` a
 * line, in modified UTF-7 (before Courier-IMAP 5) or UTF-8. A line that is no mailbox's name is passed over, and so are
 * mailboxes of others (`#shared.…`); the last one need not have a LF. Undefined for what is no list of names.
 */
export function parseCourierSubscribed(octets: Buffer): readonly string[] | undefined {
  return mailboxesOf(personalLevelsIn(octets))
}

function* personalLevelsIn(octets: Buffer): Generator<readonly string[]> {
  for (const line of allLines(octets)) {
    const match = personal.exec(line ?? '')
    if (match !== null) yield match[1]?.split('.') ?? ['INBOX']
  }
}
