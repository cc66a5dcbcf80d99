import { type Certificate, type Clock, UnavailableError, wait } from 'mailwright'
import type { Account } from './account.ts'
import { isRecord, textOf, urlOf, urlsOf } from './answer.ts'
import type { Authority, AuthorityAnswer } from './authority.ts'
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

/** What orders are made with. */
export interface OrderParts {
  readonly authority: Authority
  readonly account: Account
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
  async run({ names, keyType }: WantedCertificate, replaces: string | undefined): Promise<Certificate> {
    const { authority, account } = this.#parts
    const made = await this.#create(names, replaces)
    const url = made.headers.location
    if (url === undefined) throw new UnavailableError('the authority does not say where the order is')
    for (const authorization of urlsOf(made.body, 'authorizations')) await this.#authorize(authorization)
    const ready = await this.#until(url, ['ready', 'valid'], 'the order')
    const { key, request } = await makeRequest(names, keyType)
    await authority.post(account, urlOf(ready.body, 'finalize'), { csr: request })
    const valid = await this.#until(url, ['valid'], 'the order')
    const { text } = await authority.post(account, urlOf(valid.body, 'certificate'))
    const certificate = { key, chain: text }
    checkIssued(certificate, names, this.#parts.clock.now())
    return certificate
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
      await wait(clock, Math.min(answer.retryAfter ?? pause, longestPoll), signal)
    }
  }
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
