import type { NumberFact, WordFact } from '../facts/fact.ts'
import { type AddressListEntry, parseAddressList } from '../model/address-list.ts'
import type { MessageSummary } from '../model/summary.ts'
import { baseSubject } from './base-subject.ts'
import { sentSeconds } from './sent-date.ts'
import { sortKey } from './sort-key.ts'

/** When messages were sent; see `sentSeconds`. */
export const sentDate: NumberFact = { kind: 'number', of: ({ header }) => sentSeconds(header) }

/** Base subjects, as sort keys. */
export const subjectKey: WordFact = {
  kind: 'word',
  of: ({ header }) => sortKey(baseSubject(header.text('subject') ?? '').text),
}

/** The local parts of the first addresses (RFC 5256 §3), as sort keys. */
export const fromKey: WordFact = { kind: 'word', of: (message) => sortKey(mailboxOf(message, 'from')) }
export const toKey: WordFact = { kind: 'word', of: (message) => sortKey(mailboxOf(message, 'to')) }
export const ccKey: WordFact = { kind: 'word', of: (message) => sortKey(mailboxOf(message, 'cc')) }

/** How the first addresses are shown to people (RFC 5957 §3), as sort keys. */
export const displayFromKey: WordFact = { kind: 'word', of: (message) => sortKey(displayOf(message, 'from')) }
export const displayToKey: WordFact = { kind: 'word', of: (message) => sortKey(displayOf(message, 'to')) }

// Of a list only the beginning is read.
const listLimit = 5

function firstAddress({ header }: MessageSummary, field: string): AddressListEntry | undefined {
  const text = header.all(field).map(({ body }) => body)
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
