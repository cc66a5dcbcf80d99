import { type Accounts, type Address, type DeliveryFlow, parseAddress, sameAddress } from 'mailwright'
import { ownsAddress } from 'mailwright/accounts'

/** What may be sent after a login, and to whom. Rejects with MAIL_E_UNAVAILABLE where nobody can tell. */
export class SenderCheck {
  readonly #accounts: Accounts | undefined
  readonly #delivery: Pick<DeliveryFlow, 'route'>
  readonly #ownOnly: boolean

  /** Without an accounts service no address and no account is ours. */
  constructor(accounts: Accounts | undefined, delivery: Pick<DeliveryFlow, 'route'>, ownOnly: boolean) {
    this.#accounts = accounts
    this.#delivery = delivery
    this.#ownOnly = ownOnly
  }

  async isForeign(address: Address): Promise<boolean> {
    if (address.domain === '') return false
    return this.#accounts === undefined || (await this.#accounts.resolve(address)).kind === 'foreign'
  }

  /**
   * Whether whoever has logged in may send under a reverse-path: where it must be an own one, the null reverse-path is
   * nobody's. Of accounts of other servers nothing is known but the login.
   */
  async maySend(login: string, reversePath: Address | null): Promise<boolean> {
    const address = parseAddress(login)
    const found = address && (await this.#accounts?.resolve(address))
    // The account was removed or disabled since.
    if (found?.kind === 'unknown' || (found?.kind === 'account' && found.account.disabled)) return false
    if (!this.#ownOnly) return true
    if (address === undefined || reversePath === null) return false
    return found?.kind === 'account'
      ? ownsAddress(found.account, reversePath, this.#delivery)
      : sameAddress(address, reversePath)
  }
}
