import type { Accounts, Address, Resolution, RouteAnswer } from 'mailwright'

/** What addresses are here, as the accounts service says, with a `postmaster` everywhere (RFC 5321 §4.5.1). */
export class LocalAddresses {
  readonly #accounts: Accounts
  readonly #postmaster: Address | undefined

  constructor(service: Accounts, postmaster: Address | undefined) {
    this.#accounts = service
    this.#postmaster = postmaster
  }

  async resolve(address: Address): Promise<Resolution> {
    // `<postmaster>` without a domain is legal in RCPT and means this system's.
    const bare = address.domain === ''
    const found: Resolution = bare ? { kind: 'unknown' } : await this.#accounts.resolve(address)
    const forPostmaster = address.localPart.toLowerCase() === 'postmaster' && found.kind === 'unknown'
    if (!forPostmaster || this.#postmaster === undefined) return found
    return { kind: 'alias', addresses: [this.#postmaster], via: 'alias' }
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
