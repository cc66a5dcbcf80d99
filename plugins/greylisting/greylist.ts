import {
  type Address,
  concerns,
  confirmedName,
  errorCode,
  type Finding,
  type Log,
  patternsOf,
  type Reply,
  type Resolver,
  reply,
  type Session,
  type Transaction,
} from 'mailwright'
import type { Allowances } from './allowances.ts'
import { networksOf } from './networks-of.ts'
import type { GreylistingOptions } from './options.ts'
import { tripletOf } from './triplet.ts'
import type { Triplets } from './triplets.ts'

export interface GreylistSurroundings {
  readonly triplets: Triplets
  readonly allowances: Allowances
  readonly resolver: Resolver
  readonly options: GreylistingOptions
  readonly log: Log
}

const notNow = reply(451, '4.7.1', 'Our greylist cannot be looked up now, try again later')

/** Puts off mail from clients that are new, until they come back. */
export class Greylist {
  readonly #given: GreylistSurroundings
  /** What is said at the end of the message. */
  readonly #postponed = new WeakMap<Transaction, Reply>()
  /** How long the message has been waited for. */
  readonly #delays = new WeakMap<Transaction, number>()
  #isAway = false

  constructor(given: GreylistSurroundings) {
    this.#given = given
  }

  /** 451 for who has to come back. */
  async recipient(transaction: Transaction, recipient: Address): Promise<Reply | undefined> {
    const { nullSender } = this.#given.options
    const isNull = transaction.reversePath === null
    if (isNull && nullSender === 'off') return undefined
    if (!concerns(this.#given.options, transaction.session) || this.#isAllowed(transaction, recipient))
      return undefined
    const refused = await this.#looked(transaction, recipient)
    if (refused === undefined || !isNull || nullSender === 'recipient') return refused
    // A recipient that need not wait is in already: the message is not put off for the sake of another one.
    if (transaction.recipients.length > 0 && !this.#postponed.has(transaction)) return refused
    // Who asks by `MAIL FROM:<>` and RCPT whether an address exists, as some do with senders, goes without a message.
    this.#postponed.set(transaction, refused)
    return undefined
  }

  /** The 451 that a null sender was not given before. */
  message(transaction: Transaction): Reply | undefined {
    return this.#postponed.get(transaction)
  }

  findings(plugin: string, transaction: Transaction): readonly Finding[] {
    const delay = this.#delays.get(transaction)
    if (delay === undefined) return []
    return [{ test: `${plugin}/delayed`, score: 0, text: `delayed by ${seconds(delay)} seconds` }]
  }

  /** What the config allows and takes no look-up. */
  #isAllowed({ reversePath }: Transaction, recipient: Address): boolean {
    const { allowSenders, allowRecipients } = this.#given.options
    return allowSenders.has(reversePath) || allowRecipients.has(recipient)
  }

  async #looked(transaction: Transaction, recipient: Address): Promise<Reply | undefined> {
    if (await this.#isAllowedName(transaction.session)) return undefined
    try {
      const refused = await this.#greylisted(transaction, recipient)
      this.#back()
      return refused
    } catch (error) {
      // Anything else is a fault, and 451.
      if (errorCode(error) !== 'MAIL_E_UNAVAILABLE') throw error
      this.#away(error, transaction)
      return this.#given.options.whenUnavailable === 'pass' ? undefined : notNow
    }
  }

  async #isAllowedName({ remote }: Session): Promise<boolean> {
    const { allowClientNames } = this.#given.options
    if (allowClientNames.size === 0) return false
    const name = await confirmedName(this.#given.resolver, remote)
    return name !== undefined && allowClientNames.hasDomain(name)
  }

  async #greylisted(transaction: Transaction, recipient: Address): Promise<Reply | undefined> {
    const { allowances, triplets, options } = this.#given
    const { session, reversePath } = transaction
    const keys = [
      ...networksOf(session.remote.address),
      ...patternsOf(reversePath, { domainsIncludeBelow: true }),
    ]
    if (await allowances.includes(keys)) return undefined
    const triplet = tripletOf(session.remote.address, reversePath, recipient, options.prefixes)
    const attempt = await triplets.attempted(triplet)
    if (attempt.kind === 'wait') return waiting(attempt.milliseconds)
    if (attempt.kind === 'returned') {
      this.#delays.set(transaction, Math.max(attempt.milliseconds, this.#delays.get(transaction) ?? 0))
      await allowances.earn(triplet.network)
    }
    return undefined
  }

  #away(error: unknown, { id, session }: Transaction): void {
    const ids = { session: session.id, transaction: id }
    if (!this.#isAway) this.#given.log.warn('unavailable', { ...ids, service: 'greylist', error })
    this.#isAway = true
  }

  #back(): void {
    if (this.#isAway) this.#given.log.warn('recovered', { service: 'greylist' })
    this.#isAway = false
  }
}

/** RFC 6647 §5: a temporary failure, and nothing that a client could take for a final one. */
function waiting(milliseconds: number): Reply {
  const wait = seconds(milliseconds)
  return reply(451, '4.7.1', `Greylisted: we do not know you yet, please try again in ${wait} seconds`)
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000)
}
