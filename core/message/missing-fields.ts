import { type Address, formatAddress } from '../model/address/address.ts'
import { formatDate } from '../model/header/date.ts'
import type { Header } from '../model/header/header.ts'
import { encodedWords } from '../model/mime/encoded-word.ts'

/** What is needed for the fields that a user's program may have left out. */
export interface MissingFacts {
  /** This server's name. */
  readonly hostname: string
  /** What makes the Message-ID unique, such as the queue id. */
  readonly id: string
  /** Who sends: the reverse-path, or the account's address. */
  readonly sender: Address
  /** The sender's name, where it is known. */
  readonly displayName?: string
  readonly date: Date
}

/**
 * Fields that a submitted message lacks and that a submission server puts in (RFC 6409 §8): Date, Message-ID, and From,
 * without which it would be no message (RFC 5322 §3.6). A message that is sent on (RFC 5322 §3.6.6) has its own and gets the Resent-
 * fields that it lacks. Empty where nothing is missing, or where it is not known, for a part of the header was not read. Only for what users and programs hand in: what comes from other
 * servers is not repaired (RFC 5321 §6.4).
 */
export function missingFields(header: Header, facts: MissingFacts): string {
  if (header.truncated) return ''
  const { date, hostname, id, sender, displayName } = facts
  const isResent = header.names.some((name) => name.startsWith('resent-'))
  const fields: [string, string][] = [
    ['Date', formatDate(date)],
    ['From', `${displayName === undefined ? '' : phrase(displayName)}<${formatAddress(sender)}>`],
    ['Message-ID', `<${id}@${hostname}>`],
  ]
  return fields
    .map(([name, value]) => [isResent ? `Resent-${name}` : name, value] as const)
    .filter(([name]) => header.first(name) === undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}

const atoms = /^[\w!#$%&'*+\-/=?^`{|}~]+(?: [\w!#$%&'*+\-/=?^`{|}~]+)*$/
const printableAscii = /^[\x20-\x7e]*$/
// A line of a header has room for that, and for the address (RFC 5322 §2.1.1).
const longestName = 100

/** A display name (RFC 5322 §3.2.5) with a space behind it: atoms, a quoted string, or encoded words (RFC 2047). */
function phrase(name: string): string {
  const characters = [...name.replaceAll(/[\p{Cc}\p{Cs}]+/gu, ' ').trim()]
  const clean = characters.slice(0, longestName).join('').trim()
  if (clean === '') return ''
  if (atoms.test(clean)) return `${clean} `
  if (printableAscii.test(clean)) return `"${clean.replaceAll(/["\\]/g, '\\$&')}" `
  return `${encodedWords(clean).join(' ')} `
}
