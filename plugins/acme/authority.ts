import type { KeyObject } from 'node:crypto'
import { type Clock, UnavailableError } from 'mailwright'
import { isRecord, urlOf } from './answer.ts'
import { type Exchange, type HttpAnswer, retryAfter } from './exchange.ts'
import { publicJwk, signRequest } from './jws.ts'
import { AcmeProblem } from './problem.ts'

// Pebble refuses three of ten at random: with five attempts one order in twenty failed.
const badNonces = 12

/** Who asks: a key, and the account's URL once there is one. */
export interface Asker {
  readonly key: KeyObject
  readonly url?: string
}

/** An answer of the authority that is no problem. */
export interface AuthorityAnswer extends HttpAnswer {
  /** Its JSON; undefined for other text. */
  readonly body: unknown
  /** Milliseconds that it wants us to wait. */
  readonly retryAfter: number | undefined
}

/** Where an authority takes what (RFC 8555 §7.1.1). */
export interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  /** RFC 9773 §4.1; undefined where the authority does not say when to renew. */
  readonly renewalInfo: string | undefined
  readonly termsOfService: string | undefined
  readonly externalAccountRequired: boolean
}

/** A certificate authority that speaks ACME: its directory, its nonces, and signed questions (RFC 8555 §6). */
export class Authority {
  readonly #url: string
  readonly #exchange: Exchange
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #directory: Promise<Directory> | undefined
  #nonces: string[] = []

  /** The signal ends every question. */
  constructor(url: string, exchange: Exchange, clock: Clock, signal: AbortSignal) {
    this.#url = url
    this.#exchange = exchange
    this.#clock = clock
    this.#signal = signal
  }

  /** Asked for once. */
  directory(): Promise<Directory> {
    this.#directory ??= this.#readDirectory().catch((error: unknown) => {
      this.#directory = undefined
      throw error
    })
    return this.#directory
  }

  async #readDirectory(): Promise<Directory> {
    const { body } = await this.get(this.#url)
    const meta = isRecord(body) && isRecord(body.meta) ? body.meta : {}
    const optional = (of: Readonly<Record<string, unknown>>, member: string) =>
      of[member] === undefined ? undefined : urlOf(of, member)
    return {
      newNonce: urlOf(body, 'newNonce'),
      newAccount: urlOf(body, 'newAccount'),
      newOrder: urlOf(body, 'newOrder'),
      renewalInfo: isRecord(body) ? optional(body, 'renewalInfo') : undefined,
      termsOfService: typeof meta.termsOfService === 'string' ? meta.termsOfService : undefined,
      externalAccountRequired: meta.externalAccountRequired === true,
    }
  }

  /** What needs no signature. AcmeProblem, MAIL_E_UNAVAILABLE. */
  async get(url: string): Promise<AuthorityAnswer> {
    return this.#checked(await this.#exchange({ url, method: 'GET', signal: this.#signal }))
  }

  /**
   * A signed question; without a payload it only reads. A nonce that the authority does not like (any more) is replaced
   * (RFC 8555 §6.5). AcmeProblem, MAIL_E_UNAVAILABLE.
   */
  async post({ key, url: kid }: Asker, url: string, payload?: unknown): Promise<AuthorityAnswer> {
    for (let attempt = 1; ; attempt++) {
      const who = kid === undefined ? { jwk: publicJwk(key) } : { kid }
      const body = JSON.stringify(signRequest(key, { ...who, nonce: await this.#nonce(), url }, payload))
      const answer = await this.#exchange({ url, method: 'POST', body, signal: this.#signal })
      this.#keepNonce(answer)
      try {
        return this.#checked(answer)
      } catch (error) {
        const isStale = error instanceof AcmeProblem && error.type === 'badNonce'
        if (!isStale || attempt >= badNonces) throw error
      }
    }
  }

  async #nonce(): Promise<string> {
    const kept = this.#nonces.pop()
    if (kept !== undefined) return kept
    const { newNonce } = await this.directory()
    const answer = await this.#exchange({ url: newNonce, method: 'HEAD', signal: this.#signal })
    this.#keepNonce(answer)
    const fresh = this.#nonces.pop()
    if (fresh !== undefined) return fresh
    this.#checked(answer)
    throw new UnavailableError('the authority gives out no nonce')
  }

  #keepNonce({ headers }: HttpAnswer): void {
    const nonce = headers['replay-nonce']
    // RFC 8555 §6.5.1: base64url, everything else is to be ignored.
    if (typeof nonce === 'string' && /^[A-Za-z0-9_-]+$/.test(nonce)) this.#nonces = [nonce]
  }

  #checked(answer: HttpAnswer): AuthorityAnswer {
    const wait = retryAfter(answer, this.#clock.now())
    const body = bodyOf(answer)
    if (answer.status < 200 || answer.status > 299) throw new AcmeProblem(answer.status, body, wait)
    return { ...answer, body, retryAfter: wait }
  }
}

function bodyOf({ headers, text }: HttpAnswer): unknown {
  if (!/^application\/([a-z.-]+\+)?json\b/i.test(headers['content-type'] ?? '')) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
