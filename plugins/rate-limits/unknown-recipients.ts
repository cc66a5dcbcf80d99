import {
  type Accounts,
  type Address,
  type DeliveryFlow,
  hasVeryAddress,
  isTransient,
  ownRoute,
  type Session,
  type Transaction,
} from 'mailwright'

/** A recipient that was asked for, and how many the transaction had then. */
interface Asked {
  readonly transaction: Transaction
  readonly forwardPath: Address
  readonly before: number
}

/**
 * Finds recipients that were refused because nobody has the address: no hook tells what became of one, but the next command
 * shows whether it was accepted; the accounts say whether there is such an address, and `route` whether another plugin has it.
 */
export class UnknownRecipients {
  readonly #accounts: Accounts
  readonly #delivery: Pick<DeliveryFlow, 'route'>
  readonly #asked = new WeakMap<Session, Asked>()

  constructor(accounts: Accounts, delivery: Pick<DeliveryFlow, 'route'>) {
    this.#accounts = accounts
    this.#delivery = delivery
  }

  /** A recipient is asked for. */
  note(transaction: Transaction, forwardPath: Address): void {
    this.#asked.set(transaction.session, { transaction, forwardPath, before: transaction.recipients.length })
  }

  /** Whether the last recipient of the session was one that nobody has; tells of each once. */
  async last(session: Session): Promise<boolean> {
    const asked = this.#asked.get(session)
    this.#asked.delete(session)
    if (asked === undefined || asked.transaction.recipients.length > asked.before) return false
    try {
      if ((await this.#accounts.resolve(asked.forwardPath)).kind !== 'unknown') return false
      const routed = await ownRoute(asked.forwardPath, this.#delivery)
      return !routed.ok && !isTransient(routed.reply) && !hasVeryAddress(routed)
    } catch {
      // What could not be found out is not held against anybody.
      return false
    }
  }
}
