import {
  type Accounts,
  type Address,
  type OwnNames,
  type Resolution,
  type RouteAnswer,
  sameAddress,
} from 'mailwright'
import { type Persons, personFor } from './persons.ts'

/**
 * What addresses are here, as the accounts service says, with a `postmaster` and an `abuse` at each of its domains (RFC 5321 §4.5.1,
 * RFC 2142 §4).
 */
export class LocalAddresses {
  readonly #accounts: Accounts
  readonly #persons: Persons
  readonly #ownNames: OwnNames

  constructor(service: Accounts, persons: Persons, ownNames: OwnNames) {
    this.#accounts = service
    this.#persons = persons
    this.#ownNames = ownNames
  }

  async resolve(address: Address): Promise<Resolution> {
    // `<postmaster>` without a domain is legal in RCPT and means this system's.
    const bare = address.domain === ''
    const found: Resolution = bare ? { kind: 'unknown' } : await this.#accounts.resolve(address)
    if (found.kind === 'foreign' || isOwnOf(found)) return found
    const person = personFor(this.#persons, address, bare || this.#ownNames.has(address.domain))
    return person === undefined || sameAddress(person, address)
      ? found
      : { kind: 'alias', addresses: [person], via: 'alias' }
  }

  async route(address: Address): Promise<RouteAnswer | undefined> {
    const found = await this.resolve(address)
    switch (found.kind) {
      case 'account': {
        // An alias leads nowhere where one of its targets takes no mail: nobody is left out in silence.
        if (found.account.disabled) return undefined
        const detail = found.detail === undefined ? {} : { detail: found.detail }
        return { kind: 'account', account: found.account, address, ...detail }
      }
      case 'alias':
        return { kind: 'expansion', addresses: found.addresses, via: found.via }
      default:
        return undefined
    }
  }
}

/** Whether somebody reads that very address. What goes to a catch-all is nobody's own. */
function isOwnOf(found: Resolution): boolean {
  switch (found.kind) {
    case 'account':
      return found.account.disabled !== true
    case 'alias':
      return found.via === 'alias'
    case 'unknown':
    case 'foreign':
      return false
  }
}
