import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, type Clock, type Log, MailwrightError } from 'mailwright'
import { type Account, AccountFile, isForgotten } from './account.ts'
import { Authority } from './authority.ts'
import type { ChallengeFiles } from './challenge-files.ts'
import { createExchange } from './exchange.ts'
import type { KeptCertificate } from './kept-certificate.ts'
import type { AcmeOptions } from './options.ts'
import { Order } from './order.ts'
import { OrderLock } from './order-lock.ts'
import { askRenewalInfo, certificateId, type RenewalInfo } from './renewal-info.ts'

export interface OrdersParts {
  readonly folder: string
  readonly options: AcmeOptions
  readonly challenges: ChallengeFiles
  readonly clock: Clock
  readonly log: Log
}

/** Orders at the authority of the config, one process at a time. */
export class Orders {
  readonly #parts: OrdersParts
  readonly #stopped = new AbortController()
  readonly #accounts: AccountFile
  #ca: string | undefined

  constructor(parts: OrdersParts) {
    this.#parts = parts
    this.#accounts = new AccountFile(parts.folder, parts.options)
  }

  /** MAIL_E_INVALID where `directoryCa` cannot be read, or holds no certificate. */
  async open(): Promise<void> {
    const { directoryCa } = this.#parts.options
    if (directoryCa === undefined) return
    try {
      this.#ca = await readFile(directoryCa, 'utf8')
    } catch (cause) {
      throw new MailwrightError('MAIL_E_INVALID', `directoryCa: cannot read ${directoryCa}`, { cause })
    }
    try {
      new X509Certificate(this.#ca)
    } catch (cause) {
      throw new MailwrightError('MAIL_E_INVALID', `directoryCa: ${directoryCa} holds no certificate`, {
        cause,
      })
    }
  }

  /** Ends what goes on. */
  stop(): void {
    this.#stopped.abort(new Error('the server stops'))
  }

  /** Runs while no other process orders; undefined where one does. */
  async exclusively<T>(run: () => Promise<T>): Promise<T | undefined> {
    const { folder, clock, challenges } = this.#parts
    const lock = new OrderLock(join(folder, 'lock'), clock)
    if (!(await lock.take())) return undefined
    try {
      await challenges.clear()
      return await run()
    } finally {
      await lock.release()
    }
  }

  /** Orders one; `present` is what it replaces. An account that the authority has forgotten is made again, once. */
  async order(kept: KeptCertificate, present: Certificate | undefined): Promise<Certificate> {
    const authority = this.#authority()
    const replaces = await this.#replaced(authority, present)
    try {
      return await this.#orderAs(await this.#accounts.obtain(authority), authority, kept, replaces)
    } catch (error) {
      if (!isForgotten(error)) throw error
      await this.#accounts.forget()
      return this.#orderAs(await this.#accounts.obtain(authority), authority, kept, replaces)
    }
  }

  #orderAs(
    account: Account,
    authority: Authority,
    { wanted, begun }: KeptCertificate,
    replaces: string | undefined,
  ): Promise<Certificate> {
    const { challenges, options, clock } = this.#parts
    const { signal } = this.#stopped
    const challengeType = options.challenge
    return new Order({ authority, account, begun, challenges, challengeType, clock, signal }).run(
      wanted,
      replaces,
    )
  }

  /** Only an authority that says when to renew wants to know what is replaced (RFC 9773 §5). */
  async #replaced(authority: Authority, present: Certificate | undefined): Promise<string | undefined> {
    if (present === undefined || (await authority.directory()).renewalInfo === undefined) return undefined
    return certificateId(present.chain)
  }

  /** When the authority wants a certificate renewed; undefined where it does not say, whatever the reason. */
  async renewalInfo({ chain }: Certificate): Promise<RenewalInfo | undefined> {
    try {
      const id = certificateId(chain)
      return id === undefined ? undefined : await askRenewalInfo(this.#authority(), id)
    } catch (error) {
      this.#parts.log.debug('certificate', { text: 'the authority does not say when to renew', error })
      return undefined
    }
  }

  /** A new one for each work: directories change, and nonces age. */
  #authority(): Authority {
    const { options, clock } = this.#parts
    const exchange = createExchange(clock, this.#ca)
    return new Authority(options.directory.href, exchange, clock, this.#stopped.signal)
  }
}
