import type { Reply } from 'mailwright'
import type { Timeouts } from '../options.ts'
import type { OpenSession } from './opening.ts'
import type { SmtpConnection } from './smtp-connection.ts'
import type { Target } from './target.ts'

// It is all the same whether the host is slow or gone: another connection is as good.
const resetTimeout = 20_000

/** A session with one host: one mail transaction after the other. */
export class SmtpSession {
  readonly connection: SmtpConnection
  readonly target: Target
  /** When it began, by the monotonic clock. */
  readonly begunAt: number
  /** Transactions that were begun before the one at work. */
  transactions = 0
  /** A transaction was begun and not ended by its message. */
  isOpen = false
  readonly #opened: OpenSession
  readonly #timeouts: Timeouts

  constructor(opened: OpenSession, target: Target, timeouts: Timeouts, begunAt: number) {
    this.connection = opened.connection
    this.target = target
    this.begunAt = begunAt
    this.#opened = opened
    this.#timeouts = timeouts
  }

  /** Such as `TLSv1.3 verified (dane)` or `in clear`. */
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

  /** Begins a transaction: MAIL and RCPT, a reply to each. */
  async begin(mail: string, recipients: readonly string[]): Promise<readonly Reply[]> {
    this.isOpen = true
    const { mail: timeout, recipient } = this.#timeouts
    const replies = await this.connection.commands([
      { text: mail, timeout },
      ...recipients.map((text) => ({ text, timeout: recipient })),
    ])
    this.transactions += 1
    return replies
  }

  /** Asks for the message. */
  data(): Promise<Reply> {
    return this.connection.command('DATA', this.#timeouts.data, true)
  }

  /** Sends it; the reply to all of it ends the transaction (RFC 5321 §4.1.1.4). */
  async message(chunks: AsyncIterable<Buffer>): Promise<Reply> {
    const answer = await this.connection.message(chunks, this.#timeouts.message)
    this.isOpen = false
    return answer
  }

  /** Whether another transaction can be begun; what is left of one is taken back first. */
  async isReady(): Promise<boolean> {
    if (!this.connection.isUsable) return false
    if (!this.isOpen) return true
    const answer = await this.connection.command('RSET', resetTimeout).catch(() => undefined)
    this.isOpen = false
    return answer?.code === 250
  }
}
