import type { Clock, Timer } from './clock.ts'
import { errorCode } from './errors.ts'
import type { Log } from './log.ts'

export interface PeriodicWorkSettings {
  readonly clock: Clock
  readonly log: Log
  /** Whose work it is, for the log. */
  readonly service: string
  /** Milliseconds between the end of one round and the next. */
  readonly every: number
}

/** Work that is done from time to time, such as cleaning up; what fails is tried again at the next time. */
export class PeriodicWork {
  readonly #settings: PeriodicWorkSettings
  readonly #run: (signal: AbortSignal) => Promise<void>
  readonly #stopping = new AbortController()
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(settings: PeriodicWorkSettings, run: (signal: AbortSignal) => Promise<void>) {
    this.#settings = settings
    this.#run = run
  }

  /** The first round is due when `every` has gone by. */
  start(): void {
    if (this.#stopping.signal.aborted) return
    const { clock, every } = this.#settings
    this.#timer = clock.after(every, () => {
      this.#running = this.#round().finally(() => this.start())
    })
  }

  /** Waits for a round that is running, which is told by its signal. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#timer?.cancel()
    await this.#running
  }

  async #round(): Promise<void> {
    const { log, service } = this.#settings
    try {
      await this.#run(this.#stopping.signal)
    } catch (error) {
      if (errorCode(error) === 'MAIL_E_UNAVAILABLE') log.debug('unavailable', { service, error })
      else log.error('internal-error', { service, error })
    }
  }
}
