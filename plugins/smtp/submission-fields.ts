import { type Address, formatAddress, formatDate, type Header } from 'mailwright'

/** What is needed for the fields that a user's program may have left out. */
export interface SubmissionFacts {
  /** This server's name. */
  readonly hostname: string
  /** The queue id, which makes the Message-ID unique. */
  readonly id: string
  /** Who sends: the reverse-path, or the account's address. */
  readonly sender: Address
  readonly date: Date
}

/**
 * Fields that a submitted message lacks and that a submission server puts in (RFC 6409 §8): Date, Message-ID, and From,
 * without which it would be no message (RFC 5322 §3.6). Empty where nothing is missing. Only for the submission role:
 * what comes from other servers is not repaired (RFC 5321 §6.4).
 */
export function missingFields(header: Header, facts: SubmissionFacts): string {
  const { date, hostname, id, sender } = facts
  const fields: [string, string][] = [
    ['Date', formatDate(date)],
    ['From', `<${formatAddress(sender)}>`],
    ['Message-ID', `<${id}@${hostname}>`],
  ]
  return fields
    .filter(([name]) => header.first(name) === undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}
