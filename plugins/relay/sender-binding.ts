import {
  type Account,
  type Accounts,
  type Address,
  addressKey,
  type DeliveryFlow,
  formatAddress,
  type Reply,
  reply,
  replyText,
} from 'mailwright'
import { ownsAddress } from 'mailwright/accounts'
import type { RelayOptions } from './options.ts'

/** Which addresses somebody who has logged in may write under. Rejects with MAIL_E_UNAVAILABLE where nobody can tell. */
export class SenderBinding {
  readonly #options: Pick<RelayOptions, 'senders' | 'fromField' | 'extraSenders'>
  readonly #accounts: Pick<Accounts, 'resolve'> | undefined
  readonly #delivery: Pick<DeliveryFlow, 'route'>

  constructor(
    options: Pick<RelayOptions, 'senders' | 'fromField' | 'extraSenders'>,
    accounts: Pick<Accounts, 'resolve'> | undefined,
    delivery: Pick<DeliveryFlow, 'route'>,
  ) {
    this.#options = options
    this.#accounts = accounts
    this.#delivery = delivery
  }

  /**
   * Why the account may not send under this reverse-path (RFC 6409 §6.1). Null is for receipts, which everybody may
   * send (RFC 6409 §3.2).
   */
  async refuseReversePath(account: Account, reversePath: Address | null): Promise<Reply | undefined> {
    if (this.#options.senders === 'any' || reversePath === null) return undefined
    return (await this.owns(account, reversePath)) ? undefined : notOwn(reversePath, 'MAIL FROM')
  }

  /** Whether the account may name an address in From and Sender. */
  async mayName(account: Account, address: Address): Promise<boolean> {
    const { fromField } = this.#options
    if (fromField === 'any') return true
    if (fromField === 'local' && (await this.#accounts?.resolve(address))?.kind === 'foreign') return true
    return this.owns(account, address)
  }

  async owns(account: Account, address: Address): Promise<boolean> {
    const extra = this.#options.extraSenders.get(addressKey(account.address))
    return extra?.has(address) === true || ownsAddress(account, address, this.#delivery)
  }
}

/** RFC 6409 §6.1 and §6.3: 550 5.7.1 for what a user has no right to. */
export function notOwn(address: Address, where: string): Reply {
  const text = `${formatAddress(address)} in ${where} is not an address of the account that you logged in with`
  // RFC 5321 §4.2: the text of a reply is ASCII.
  return reply(550, '5.7.1', replyText(text).replaceAll(/[^\x20-\x7e]/g, '?'))
}
