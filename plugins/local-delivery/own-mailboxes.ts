import {
  type Accounts,
  type Address,
  type DeliveryFlow,
  hasVeryAddress,
  isTransient,
  type OwnNames,
  type RouteAnswer,
  type RouteQuestion,
  sameAddress,
} from 'mailwright'
import { type Persons, personFor } from './persons.ts'

export interface OwnMailboxesParts {
  readonly accounts: Accounts
  readonly persons: Persons
  readonly ownNames: OwnNames
  readonly delivery: Pick<DeliveryFlow, 'route'>
}

/**
 * The forward-paths of questions that we ask the other plugins, known again by identity. Of all instances: each would
 * otherwise ask the next one, for ever.
 */
const asked = new WeakSet<Address>()

/**
 * The postmaster, abuse and MAILER-DAEMON at this server's own names, where these are no domains of accounts: notifications come from
 * there, and people answer them (RFC 5321 §4.5.1).
 */
export class OwnMailboxes {
  readonly #parts: OwnMailboxesParts

  constructor(parts: OwnMailboxesParts) {
    this.#parts = parts
  }

  /**
   * Whether mail for it comes to somebody here, also by way of a pattern. A plugin in front may lead it to another host: there it is
   * not ours to take. Where nobody can say now, it is ours to say so.
   */
  async claims(address: Address): Promise<boolean> {
    if ((await this.#personOf(address)) === undefined) return false
    const routed = await this.#parts.delivery.route({ address, original: address })
    if (hasVeryAddress(routed)) return true
    return routed.ok ? routed.routes.every(({ kind }) => kind === 'account') : isTransient(routed.reply)
  }

  /** The person, where no other plugin has that very address: an alias counts also behind us. */
  async route({ address, original }: RouteQuestion): Promise<RouteAnswer | undefined> {
    if (asked.has(original)) return undefined
    const person = await this.#personOf(address)
    if (person === undefined || (await this.#mayBeOthers(address))) return undefined
    return { kind: 'expansion', addresses: [person], via: 'alias' }
  }

  /** Where nobody can say now, the answer is that of those who cannot. */
  async #mayBeOthers(address: Address): Promise<boolean> {
    const original = { ...address }
    asked.add(original)
    const routed = await this.#parts.delivery.route({ address, original })
    return hasVeryAddress(routed) || (!routed.ok && isTransient(routed.reply))
  }

  async #personOf(address: Address): Promise<Address | undefined> {
    const { accounts, persons, ownNames } = this.#parts
    const person = personFor(persons, address, true)
    if (person === undefined || address.domain === '' || !ownNames.has(address.domain)) return undefined
    // Whose own mailbox it is, on another host.
    if (sameAddress(person, address)) return undefined
    return (await accounts.resolve(address)).kind === 'foreign' ? person : undefined
  }
}
