import type { Clock } from '../clock.ts'
import { errorCode, MailwrightError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { HealthProblem, HealthResult } from './health.ts'

/** Milliseconds for which an answer is good. */
const fresh = 1_000

/** What makes a check. */
export interface CheckParts {
  /** `<plugin>/<name>`. */
  readonly name: string
  readonly timeout: number
  readonly clock: Clock
  readonly log: Log
  readonly ask: () => Promise<HealthProblem | undefined>
}

/** One check: asked once for all who want to know at the same time, and never while an earlier question is still open. */
export class AskedCheck {
  readonly #parts: CheckParts
  #open: Promise<HealthProblem | undefined> | undefined
  #result: Promise<HealthResult> | undefined
  #until = Number.NEGATIVE_INFINITY
  #isTrouble = false

  constructor(parts: CheckParts) {
    this.#parts = parts
  }

  get name(): string {
    return this.#parts.name
  }

  /** Never rejects. */
  result(): Promise<HealthResult> {
    const { clock } = this.#parts
    if (this.#result !== undefined && clock.monotonic() < this.#until) return this.#result
    // As long as it is being found out it is the answer for everybody.
    this.#until = Number.POSITIVE_INFINITY
    this.#result = this.#find().finally(() => {
      this.#until = clock.monotonic() + fresh
    })
    return this.#result
  }

  async #find(): Promise<HealthResult> {
    const { name, clock } = this.#parts
    const began = clock.monotonic()
    const took = (): { readonly milliseconds: number } => ({
      milliseconds: Math.round(clock.monotonic() - began),
    })
    try {
      const problem = await this.#answer()
      this.#note(problem?.reason, undefined)
      return problem === undefined
        ? { name, state: 'pass', ...took() }
        : { name, state: problem.state, reason: oneLine(problem.reason), ...took() }
    } catch (error) {
      const reason = error instanceof LateAnswer ? error.message : (errorCode(error) ?? 'it failed')
      this.#note(reason, error)
      return { name, state: 'fail', reason, ...took() }
    }
  }

  async #answer(): Promise<HealthProblem | undefined> {
    const { clock, timeout, ask } = this.#parts
    this.#open ??= Promise.resolve()
      .then(ask)
      .finally(() => {
        this.#open = undefined
      })
    this.#open.catch(() => undefined)
    const late = Promise.withResolvers<never>()
    const timer = clock.after(timeout, () => late.reject(new LateAnswer(timeout)))
    try {
      return await Promise.race([this.#open, late.promise])
    } finally {
      timer.cancel()
    }
  }

  /** The log tells of the beginning and of the end, and not of each time that somebody asks. */
  #note(reason: string | undefined, error: unknown): void {
    const { name, log } = this.#parts
    const isTrouble = reason !== undefined
    if (isTrouble === this.#isTrouble) return
    this.#isTrouble = isTrouble
    if (isTrouble) log.warn('unavailable', { check: name, ...(error === undefined ? { reason } : { error }) })
    else log.warn('recovered', { check: name })
  }
}

class LateAnswer extends MailwrightError {
  constructor(timeout: number) {
    super('MAIL_E_TIMEOUT', `it did not answer within ${timeout} ms`)
  }
}

const longestReason = 300

function oneLine(reason: string): string {
  return String(reason).slice(0, longestReason).replaceAll(/\s+/g, ' ')
}
