import type { Socket } from 'node:net'
import { type Clock, UnavailableError, wait } from 'mailwright'
import type { AskingLimits } from './options.ts'
import { ConnectionPool } from './pool.ts'

/** Asks one policy server, again where it does not answer. */
export class PolicyClient {
  readonly #pool: ConnectionPool
  readonly #limits: AskingLimits
  readonly #clock: Clock

  /** `open` begins a connection to the policy server. */
  constructor(open: () => Socket, limits: AskingLimits, clock: Clock) {
    this.#pool = new ConnectionPool(open, limits, clock)
    this.#limits = limits
    this.#clock = clock
  }

  /** The action of the answer. MAIL_E_UNAVAILABLE after so many tries, or when the signal aborts. */
  async ask(request: string, signal: AbortSignal): Promise<string> {
    const { tries, retryDelay } = this.#limits
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#inTime(request, signal)
      } catch (error) {
        if (attempt >= tries || signal.aborted) throw error
        await wait(this.#clock, retryDelay)
      }
    }
  }

  close(): void {
    this.#pool.close()
  }

  async #inTime(request: string, signal: AbortSignal): Promise<string> {
    const late = new AbortController()
    const timer = this.#clock.after(this.#limits.timeout, () => late.abort())
    try {
      return await this.#attempt(request, AbortSignal.any([signal, late.signal]))
    } finally {
      timer.cancel()
    }
  }

  /** A connection that the server had closed meanwhile is no failure: the next one is tried, a new one at last. */
  async #attempt(request: string, signal: AbortSignal): Promise<string> {
    for (;;) {
      const connection = await this.#pool.take(signal)
      // A late answer must not meet the next question.
      const cut = () => connection.close(new UnavailableError('it did not answer in time'))
      signal.addEventListener('abort', cut, { once: true })
      try {
        // It may have come in the very moment in which the time was over.
        if (signal.aborted) throw new UnavailableError('there is no time left to ask it')
        return await connection.ask(request)
      } catch (error) {
        if (!connection.isStale || signal.aborted) throw error
      } finally {
        signal.removeEventListener('abort', cut)
        this.#pool.giveBack(connection)
      }
    }
  }
}
