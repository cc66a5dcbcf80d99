import type { Accounts, Address, Resolution, RouteAnswer } from 'mailwright'
import type { LocalDeliveryOptions } from './options.ts'
import type { OwnNames } from './own-names.ts'

/** Who reads the mail of addresses that every domain must have. */
export type Persons = Pick<LocalDeliveryOptions, 'postmaster' | 'abuse'>

/**
 * What addresses are here, as the accounts service says, with a `postmaster` and an `abuse` everywhere (RFC 5321 §4.5.1,
 * RFC 2142 §4), at this server's own names too: notifications come from there, and people answer them.
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
    const isHere = bare || this.#ownNames.has(address.domain)
    const person = this.#personOf(address, isHere)
    return person === undefined || isOwnOf(found) || (found.kind === 'foreign' && !isHere)
      ? found
      : { kind: 'alias', addresses: [person], via: 'alias' }
  }

  #personOf({ localPart }: Address, isHere: boolean): Address | undefined {
    const name = localPart.toLowerCase()
    // What other servers call the sender of notifications.
    if (isHere && name === 'mailer-daemon') return this.#persons.postmaster
    return name === 'postmaster' || name === 'abuse' ? this.#persons[name] : undefined
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
