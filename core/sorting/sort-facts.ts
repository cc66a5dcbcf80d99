import type { NumberFact, WordFact } from '../facts/fact.ts'
import { type AddressListEntry, parseAddressList } from '../model/address/address-list.ts'
import type { MessageSummary } from '../model/summary.ts'
import { namedFields } from '../search/named-fields.ts'
import { type BaseSubject, baseSubject } from './base-subject.ts'
import { sentSeconds } from './sent-date.ts'
import { sortKey } from './sort-key.ts'

/** When messages were sent; see `sentSeconds`. */
export const sentDate: NumberFact = { kind: 'number', of: sentSeconds }

/** Base subjects, as sort keys. */
export const subjectKey: WordFact = {
  kind: 'word',
  of: (message) => sortKey(subjectOf(message).text),
}

/** The local parts of the first addresses (RFC 5256 §3), as sort keys. */
export const fromKey: WordFact = { kind: 'word', of: (message) => sortKey(mailboxOf(message, 'from')) }
export const toKey: WordFact = { kind: 'word', of: (message) => sortKey(mailboxOf(message, 'to')) }
export const ccKey: WordFact = { kind: 'word', of: (message) => sortKey(mailboxOf(message, 'cc')) }

/** How the first addresses are shown to people (RFC 5957 §3), as sort keys. */
export const displayFromKey: WordFact = { kind: 'word', of: (message) => sortKey(displayOf(message, 'from')) }
export const displayToKey: WordFact = { kind: 'word', of: (message) => sortKey(displayOf(message, 'to')) }

/** The base subject of a message; empty where it has no subject. */
export function subjectOf(message: MessageSummary): BaseSubject {
  return baseSubject(namedFields(message, 'subject')[0]?.text ?? '')
}

// Of a list only the beginning is read.
const listLimit = 5

function firstAddress(message: MessageSummary, field: string): AddressListEntry | undefined {
  const text = namedFields(message, field).map(({ body }) => body)
  return parseAddressList(text.join(', '), { limit: listLimit }).entries[0]
}

/** What ENVELOPE calls addr-mailbox: of a group its name (RFC 9051 §7.5.2). */
function mailboxOf(message: MessageSummary, field: string): string {
  const address = firstAddress(message, field)
  if (address?.kind === 'group-start') return address.displayName
  return address?.kind === 'mailbox' ? address.localPart : ''
}

function displayOf(message: MessageSummary, field: string): string {
  const address = firstAddress(message, field)
  if (address?.kind === 'group-start') return address.displayName
  if (address?.kind !== 'mailbox') return ''
  const { name, localPart, domain } = address
  if (name !== '') return name
  return domain === '' ? localPart : `${localPart}@${domain}`
}
