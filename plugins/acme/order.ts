import { type Certificate, type Clock, UnavailableError, wait } from 'mailwright'
import { type Account, isForgotten } from './account.ts'
import { isRecord, textOf, urlOf, urlsOf } from './answer.ts'
import type { Authority, AuthorityAnswer } from './authority.ts'
import type { BegunOrder, BegunOrderFile } from './begun-order.ts'
import { makeRequest } from './certificate-request.ts'
import type { ChallengeFiles } from './challenge-files.ts'
import { checkIssued } from './issued.ts'
import { keyAuthorization } from './jws.ts'
import type { ChallengeType, WantedCertificate } from './options.ts'
import { AcmeProblem, problemText } from './problem.ts'

const firstPoll = 250
const slowestPoll = 10_000
const longestPoll = 30_000
// Authorities look from several places, and some are slow to sign.
const patience = 5 * 60 * 1000
// An order that is not signed by then has been lost.
const longestSigning = 24 * 60 * 60 * 1000

/** What orders are made with. */
export interface OrderParts {
  readonly authority: Authority
  readonly account: Account
  readonly begun: BegunOrderFile
  readonly challenges: ChallengeFiles
  readonly challengeType: ChallengeType
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** One certificate, from the order to the chain (RFC 8555 §7.4). */
export class Order {
  readonly #parts: OrderParts

  constructor(parts: OrderParts) {
    this.#parts = parts
  }

  /**
   * Orders and waits until it is there. `replaces` names the certificate that goes (RFC 9773 §5). AcmeProblem, or
   * MAIL_E_UNAVAILABLE with what stood in the way.
   */
  async run(wanted: WantedCertificate, replaces: string | undefined): Promise<Certificate> {
    const { begun, clock } = this.#parts
    const { url, key } = (await this.#takeUp(wanted)) ?? (await this.#begin(wanted, replaces))
    const valid = await this.#until(url, ['valid'], 'the order')
    const certificate = { key, chain: await this.#download(valid) }
    try {
      checkIssued(certificate, wanted.names, clock.now())
      return certificate
    } catch (error) {
      // It has given all that it had: the next attempt orders anew.
      await begun.forget()
      throw error
    }
  }

  /** The chain of an order that is signed. Where it cannot be had now the next attempt takes the order up. */
  async #download(valid: AuthorityAnswer): Promise<string> {
    const { authority, account, begun } = this.#parts
    try {
      const { text } = await authority.post(account, urlOf(valid.body, 'certificate'))
      return text
    } catch (error) {
      if (isRefusal(error)) await begun.forget()
      throw error
    }
  }

  /** The order of an attempt before that the authority goes on with, or has gone on with meanwhile. */
  async #takeUp({ names, keyType }: WantedCertificate): Promise<BegunOrder | undefined> {
    const { authority, account, begun, clock } = this.#parts
    const order = await begun.read()
    if (order === undefined) return undefined
    const isOurs = order.account === account.url && order.keyType === keyType
    const isLost = Math.abs(clock.now() - order.at) > longestSigning
    if (isOurs && !isLost && String(order.names) === String(names)) {
      try {
        const { body } = await authority.post(account, order.url)
        if (['processing', 'valid'].includes(statusOf(body))) return order
      } catch (error) {
        if (!isRefusal(error)) throw error
      }
    }
    await begun.forget()
    return undefined
  }

  /** From the order to where the authority has nothing left to do but sign. */
  async #begin({ names, keyType }: WantedCertificate, replaces: string | undefined): Promise<BegunOrder> {
    const { authority, account, begun, clock } = this.#parts
    const made = await this.#create(names, replaces)
    const url = made.headers.location
    if (url === undefined) throw new UnavailableError('the authority does not say where the order is')
    for (const authorization of urlsOf(made.body, 'authorizations')) await this.#authorize(authorization)
    const ready = await this.#until(url, ['ready', 'valid'], 'the order')
    // RFC 8555 §7.1.6: only `finalize`, which names the key, makes it valid.
    if (statusOf(ready.body) === 'valid')
      throw new UnavailableError(
        'the authority calls a new order valid, whose certificate is of no key of ours',
      )
    const { key, request } = await makeRequest(names, keyType)
    const order = { url, account: account.url, key, names, keyType, at: clock.now() }
    await begun.keep(order)
    await authority.post(account, urlOf(ready.body, 'finalize'), { csr: request })
    return order
  }

  /** An authority that does not know (any more) what is replaced gets an order that replaces nothing (RFC 9773 §5). */
  async #create(names: readonly string[], replaces: string | undefined): Promise<AuthorityAnswer> {
    const { authority, account } = this.#parts
    const { newOrder } = await authority.directory()
    const payload = { identifiers: names.map((value) => ({ type: 'dns', value })) }
    if (replaces === undefined) return authority.post(account, newOrder, payload)
    try {
      return await authority.post(account, newOrder, { ...payload, replaces })
    } catch (error) {
      const isRefused = error instanceof AcmeProblem && ['alreadyReplaced', 'malformed'].includes(error.type)
      if (!isRefused) throw error
      return authority.post(account, newOrder, payload)
    }
  }

  /** Shows that one name is ours (RFC 8555 §7.5). */
  async #authorize(url: string): Promise<void> {
    const { authority, account, challenges, challengeType } = this.#parts
    const { body } = await authority.post(account, url)
    if (statusOf(body) === 'valid') return
    const name = isRecord(body) && isRecord(body.identifier) ? textOf(body.identifier.value) : ''
    const challenge = challengeOf(body, challengeType)
    if (challenge === undefined)
      throw new UnavailableError(`the authority offers no ${challengeType} for ${name}`)
    const { token } = challenge
    const undo = await challenges.prepare({
      name,
      token,
      keyAuthorization: keyAuthorization(token, account.key),
    })
    try {
      await authority.post(account, challenge.url, {})
      await this.#until(url, ['valid'], name)
    } finally {
      await undo()
    }
  }

  /** Looks until something has one of some states. What becomes `invalid`, or does not change, is told with its reason. */
  async #until(url: string, states: readonly string[], what: string): Promise<AuthorityAnswer> {
    const { authority, account, clock, signal } = this.#parts
    const deadline = clock.monotonic() + patience
    for (let pause = firstPoll; ; pause = Math.min(pause * 2, slowestPoll)) {
      const answer = await authority.post(account, url)
      const status = statusOf(answer.body)
      if (states.includes(status)) return answer
      if (!['pending', 'processing', 'ready'].includes(status))
        throw new UnavailableError(`${what} is ${status}: ${reasonOf(answer.body)}`)
      if (clock.monotonic() >= deadline) throw new UnavailableError(`${what} stays ${status}`)
      await wait(clock, Math.min(Math.max(answer.retryAfter ?? 0, pause), longestPoll), signal)
    }
  }
}

/** Whether the authority has no such order or certificate (any more), unlike one that cannot answer now. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof AcmeProblem) || isForgotten(error)) return false
  return error.status >= 400 && error.status < 500 && error.status !== 429
}

function statusOf(body: unknown): string {
  return (isRecord(body) && textOf(body.status)) || 'without a state'
}

function challengeOf(
  authorization: unknown,
  type: ChallengeType,
): { readonly url: string; readonly token: string } | undefined {
  const found = challengesOf(authorization).find((each) => each.type === type)
  return found === undefined ? undefined : { url: urlOf(found, 'url'), token: String(found.token) }
}

/** Why something is invalid: an order says it itself, an authorization in its challenges. */
function reasonOf(body: unknown): string {
  const errors = [body, ...challengesOf(body)].flatMap((each) =>
    isRecord(each) && each.error !== undefined ? [problemText(each.error)] : [],
  )
  return [...new Set(errors)].join('; ') || 'the authority gives no reason'
}

function challengesOf(body: unknown): readonly Readonly<Record<string, unknown>>[] {
  const list = isRecord(body) ? body.challenges : undefined
  return Array.isArray(list) ? list.filter(isRecord) : []
}
