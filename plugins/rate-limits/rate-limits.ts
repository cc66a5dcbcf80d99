import {
  type Accounts,
  type Address,
  addressKey,
  blockOf,
  type Clock,
  type DeliveryFlow,
  type Log,
  networksInclude,
  type Reply,
  type Session,
  type Transaction,
} from 'mailwright'
import type { SessionCounts } from 'mailwright/network'
import type { AccountCounts } from './account-counts.ts'
import { MemoryCounts } from './memory-counts.ts'
import type { ClientLimits, RateLimitsOptions } from './options.ts'
import type { Rate } from './rate.ts'
import { connectionLimit, envelopeLimit } from './replies.ts'
import { UnknownRecipients } from './unknown-recipients.ts'

export interface RateLimitsSurroundings {
  readonly clock: Clock
  readonly log: Log
  /** Undefined: unknown recipients are not counted. */
  readonly accounts: Accounts | undefined
  readonly delivery: Pick<DeliveryFlow, 'route'>
  readonly accountCounts: AccountCounts
  readonly counts: MemoryCounts
  readonly connections: SessionCounts
}

/** What one limit of a client counts under. */
interface Client {
  readonly key: string
  readonly limits: ClientLimits
}

const tooManyUnknown = 'Too many unknown recipients from your network'
/** A limit that goes on being reached is told again after so long. */
const tellEvery = 60_000

/** Counts what comes from whom, and says when it is too much. What is refused is not counted, so what a client is told is true. */
export class RateLimits {
  readonly #counts: MemoryCounts
  readonly #options: RateLimitsOptions
  readonly #log: Log
  readonly #clock: Clock
  readonly #accountCounts: AccountCounts
  readonly #unknown: UnknownRecipients | undefined
  readonly #connections: SessionCounts
  readonly #leave = new WeakMap<Session, (() => void)[]>()
  readonly #told: MemoryCounts

  constructor(options: RateLimitsOptions, surroundings: RateLimitsSurroundings) {
    const { clock, log, accounts, delivery, accountCounts, counts, connections } = surroundings
    this.#counts = counts
    this.#connections = connections
    this.#options = options
    this.#log = log
    this.#clock = clock
    this.#accountCounts = accountCounts
    this.#unknown = accounts && new UnknownRecipients(accounts, delivery)
    this.#told = new MemoryCounts(clock, 1000)
  }

  checkClient(session: Session): Reply | undefined {
    for (const client of this.#clients(session)) {
      const refused = this.#connect(session, client)
      if (refused !== undefined) return refused
    }
    return undefined
  }

  #connect(session: Session, { key, limits }: Client): Reply | undefined {
    const unknown = this.#counts.wait(`unknown ${key}`, limits.unknownRecipients)
    if (unknown > 0) return this.#closing(session, 'unknown recipients', tooManyUnknown, unknown)
    // A client that has left already is not told of a second time.
    if (limits.connections > 0 && !session.signal.aborted) {
      const leave = this.#connections.enter(key, limits.connections)
      const text = `At most ${limits.connections} connections at the same time from your network`
      if (leave === undefined) return this.#closing(session, 'connections at the same time', text)
      this.#leave.set(session, [...(this.#leave.get(session) ?? []), leave])
    }
    const wait = this.#counts.take(`connection ${key}`, limits.connectionRate)
    const text = 'Too many connections from your network'
    return wait === 0 ? undefined : this.#closing(session, 'connections', text, wait)
  }

  closed(session: Session): void {
    for (const leave of this.#leave.get(session) ?? []) leave()
    this.#leave.delete(session)
  }

  async checkSender({ session, reversePath }: Transaction): Promise<Reply | undefined> {
    const guessing = await this.countUnknown(session)
    if (guessing !== undefined) return guessing
    for (const { key, limits } of this.#clients(session)) {
      const wait = this.#counts.take(`message ${key}`, limits.messages)
      if (wait > 0) return this.#refusing(session, 'messages', 'Too many messages from your network', wait)
    }
    const wait = await this.#takeOfAccount(session, 'messages')
    if (wait > 0) return this.#refusing(session, 'messages of the account', tooMuch.messages, wait)
    return this.#takeOfSender(session, reversePath, 'messages')
  }

  async checkRecipient(transaction: Transaction, forwardPath: Address): Promise<Reply | undefined> {
    const { session, reversePath } = transaction
    const guessing = await this.countUnknown(session)
    if (guessing !== undefined) return guessing
    for (const { key, limits } of this.#clients(session)) {
      const wait = this.#counts.take(`recipient ${key}`, limits.recipients)
      if (wait > 0)
        return this.#refusing(session, 'recipients', 'Too many recipients from your network', wait)
    }
    const wait = await this.#takeOfAccount(session, 'recipients')
    if (wait > 0) return this.#refusing(session, 'recipients of the account', tooMuch.recipients, wait)
    const ofSender = this.#takeOfSender(session, reversePath, 'recipients')
    if (ofSender !== undefined) return ofSender
    const refused = this.#takeOfRecipient(session, forwardPath)
    if (refused === undefined) this.#unknown?.note(transaction, forwardPath)
    return refused
  }

  /** Counts the session's last recipient where nobody has it. */
  async countUnknown(session: Session): Promise<Reply | undefined> {
    const clients = this.#clients(session).filter(({ limits }) => limits.unknownRecipients.length > 0)
    if (clients.length === 0 || this.#unknown === undefined) return undefined
    const isUnknown = await this.#unknown.last(session)
    for (const { key, limits } of clients) {
      if (isUnknown) this.#counts.take(`unknown ${key}`, limits.unknownRecipients)
      const wait = this.#counts.wait(`unknown ${key}`, limits.unknownRecipients)
      if (wait > 0) return this.#closing(session, 'unknown recipients', tooManyUnknown, wait)
    }
    return undefined
  }

  /** An account with a sending limit of its own has that one only. */
  async #takeOfAccount({ account }: Session, what: 'messages' | 'recipients'): Promise<number> {
    if (account === undefined || account.sendingLimit !== undefined) return 0
    return await this.#accountCounts.take(account, what, this.#options.accounts[what])
  }

  #takeOfSender(
    session: Session,
    sender: Address | null,
    what: 'messages' | 'recipients',
  ): Reply | undefined {
    const { senders } = this.#options
    if (sender === null || senders[what].length === 0 || this.#isExempt(session)) return undefined
    const whose = senders.by === 'domain' ? sender.domain : addressKey(sender)
    const wait = this.#counts.take(`${what} ${whose}`, senders[what])
    if (wait === 0) return undefined
    return this.#refusing(session, `${what} of a sender`, `Too many ${what} of this sender`, wait)
  }

  #takeOfRecipient(session: Session, recipient: Address): Reply | undefined {
    const rates: readonly Rate[] = this.#options.recipientAddresses
    if (rates.length === 0 || this.#isExempt(session)) return undefined
    const wait = this.#counts.take(`to ${addressKey(recipient)}`, rates)
    if (wait === 0) return undefined
    return this.#refusing(session, 'messages for a recipient', 'Too many messages for this recipient', wait)
  }

  #isExempt({ remote, role }: Session): boolean {
    return role === 'local' || networksInclude(this.#options.exempt, remote.address)
  }

  #clients(session: Session): readonly Client[] {
    const { clients } = this.#options
    const key = this.#isExempt(session) ? undefined : blockOf(session.remote.address, this.#options.prefixes)
    if (key === undefined) return []
    // The roles, since after a reload another entry may be in this one's place.
    return clients.flatMap((limits, index) =>
      limits.roles.has(session.role) ? { key: `${[...limits.roles].join()} ${index} ${key}`, limits } : [],
    )
  }

  #closing(session: Session, limit: string, text: string, wait?: number): Reply {
    this.#tell(session, limit, wait)
    return connectionLimit(text, wait)
  }

  #refusing(session: Session, limit: string, text: string, wait: number): Reply {
    this.#tell(session, limit, wait)
    return envelopeLimit(text, wait)
  }

  /** The first time, and then once a minute: a flood must not flood the log. */
  #tell({ id, remote, account }: Session, limit: string, wait: number | undefined): void {
    const whose = `${limit} ${account?.id ?? blockOf(remote.address, this.#options.prefixes)}`
    if (this.#told.take(whose, [{ most: 1, per: tellEvery }]) > 0) return
    const until = wait === undefined ? {} : { until: new Date(this.#clock.now() + wait).toISOString() }
    const by = account === undefined ? {} : { account: account.id }
    this.#log.warn('limit-reached', { session: id, limit, remote: remote.address, ...by, ...until })
  }
}

const tooMuch = {
  messages: 'This account has sent too many messages',
  recipients: 'This account has sent to too many recipients',
} as const
