import { type Account, type Address, formatAddress } from 'mailwright'
import { parseOwnAddress } from 'mailwright/accounts'

/** What a line of the file says. */
export type Entry = DomainEntry | AccountEntry | AliasEntry

export interface DomainEntry {
  readonly kind: 'domain'
  /** Canonical. */
  readonly name: string
}

export interface AccountEntry {
  readonly kind: 'account'
  readonly account: Account
  /** Whether the line names the id; otherwise it is made from the address. */
  readonly hasOwnId: boolean
  /** A hash; undefined where nobody can log in. */
  readonly password: string | undefined
}

export interface AliasEntry {
  readonly kind: 'alias'
  readonly address: Address
  readonly targets: readonly Address[]
}

/** A line that cannot be read: the text says why, for the postmaster. */
export class LineFault extends Error {}

/** An address as it stands in a line. `#` at the start would make a comment of it. */
export function writeAddress(address: Address): string {
  const text = formatAddress(address)
  if (address.localPart === '') return text.slice('""'.length)
  return text.startsWith('#') ? `"${address.localPart}"@${address.domain}` : text
}

/** The address of a line; its local part is empty in `@example.org`. */
export function readAddress(text: string): Address {
  const address = parseOwnAddress(text.startsWith('@') ? `""${text}` : text)
  if (address === undefined) throw new LineFault(`${JSON.stringify(text.slice(0, 100))} is not an address`)
  return address
}

/** The domain that a line belongs to. */
export function domainOf(entry: Entry): string {
  switch (entry.kind) {
    case 'domain':
      return entry.name
    case 'account':
      return entry.account.address.domain
    case 'alias':
      return entry.address.domain
  }
}
