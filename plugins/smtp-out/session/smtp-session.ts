import { Readable } from 'node:stream'
import type { Reply } from 'mailwright'
import type { Timeouts } from '../options.ts'
import type { OpenSession } from './opening.ts'
import type { Command, SmtpConnection } from './smtp-connection.ts'
import type { Target } from './target.ts'

// It is all the same whether the host is slow or gone: another connection is as good.
const resetTimeout = 20_000

export interface SessionSettings {
  readonly target: Target
  readonly address: string
  readonly timeouts: Timeouts
  /** When it began, by the monotonic clock. */
  readonly begunAt: number
}

/** A session with one host: one mail transaction after the other. */
export class SmtpSession {
  readonly connection: SmtpConnection
  readonly target: Target
  /** The IP address of the host. */
  readonly address: string
  readonly begunAt: number
  /** Transactions that were begun before the one at work. */
  transactions = 0
  /** A transaction was begun and not ended by its message. */
  isOpen = false
  /** The host has asked for a message, although it has taken nobody to give it to. */
  isAwaited = false
  /** Since it is new, the host has only just answered; one that was kept may have ended meanwhile. */
  isNew = true
  readonly #opened: OpenSession
  readonly #timeouts: Timeouts

  constructor(opened: OpenSession, { target, address, timeouts, begunAt }: SessionSettings) {
    this.connection = opened.connection
    this.target = target
    this.address = address
    this.begunAt = begunAt
    this.#opened = opened
    this.#timeouts = timeouts
  }

  /** Such as `TLSv1.3 TLS_AES_256_GCM_SHA384 verified (dane)` or `in clear`. */
  get security(): string {
    const { secured } = this.#opened
    if (secured === undefined) return 'in clear'
    const { level, source } = this.target.requirement
    if (!secured.isVerified) return `${secured.version} unverified`
    const isDemanded = level === 'verify' || level === 'dane'
    return `${secured.version} verified${isDemanded ? ` (${source})` : ''}`
  }

  /** Under TLS, with a host that has proven to be the one that was demanded. */
  get isProven(): boolean {
    const { level } = this.target.requirement
    return this.#opened.secured !== undefined && (level === 'verify' || level === 'dane')
  }

  /** RFC 9422 §4: `MAILMAX` transactions of a session, `RCPTMAX` recipients of each; undefined: no limit. */
  limit(name: 'MAILMAX' | 'RCPTMAX'): number | undefined {
    const parameters = this.connection.extensions.get('LIMITS') ?? ''
    const value = new RegExp(`(?:^| )${name}=([1-9]\\d{0,5})(?: |$)`, 'i').exec(parameters)?.[1]
    return value === undefined ? undefined : Number(value)
  }

  /** Begins a transaction: MAIL and RCPT, and DATA with them where that is wanted; a reply to each. */
  async begin(mail: string, recipients: readonly string[], withData: boolean): Promise<readonly Reply[]> {
    this.isOpen = true
    const { mail: timeout, recipient } = this.#timeouts
    const replies = await this.connection.commands([
      { text: mail, timeout },
      ...recipients.map((text) => ({ text, timeout: recipient })),
      ...(withData ? [this.#data] : []),
    ])
    this.transactions += 1
    this.isNew = false
    return replies
  }

  /** Asks for the message. */
  async data(): Promise<Reply> {
    const [answer] = await this.connection.commands([this.#data])
    if (answer === undefined) throw this.connection.fault('says nothing')
    return answer
  }

  get #data(): Command {
    return { text: 'DATA', timeout: this.#timeouts.data, goesOn: true }
  }

  /** Sends it; the reply to all of it ends the transaction (RFC 5321 §4.1.1.4). */
  async message(octets: AsyncIterable<Buffer>): Promise<Reply> {
    const answer = await this.connection.message(octets, this.#timeouts.message)
    this.isOpen = false
    return answer
  }

  /** Sends it by BDAT, without DATA; after a refusal it has to be taken back (RFC 3030 §2). */
  async chunks(octets: AsyncIterable<Buffer>): Promise<Reply> {
    const answer = await this.connection.chunks(octets, this.#timeouts.message)
    this.isOpen = answer.code >= 300
    return answer
  }

  /** Whether another transaction can be begun; what is left of one is taken back first. */
  async isReady(): Promise<boolean> {
    try {
      if (this.isAwaited) await this.#sendNothing()
      return this.connection.isUsable && (!this.isOpen || (await this.takeBack()))
    } catch {
      return false
    }
  }

  /** Takes back what is left of a transaction. False where the host does not want that; rejects with `HostFailure` as all commands. */
  async takeBack(): Promise<boolean> {
    const answer = await this.connection.command('RSET', resetTimeout)
    this.isOpen = false
    return answer.code === 250
  }

  /** RFC 2920 §3.1: a single dot. What the host says to that is all the same. */
  async #sendNothing(): Promise<void> {
    this.isAwaited = false
    await this.connection.message(Readable.from([], { objectMode: false }), resetTimeout)
  }
}
