import type { Timer } from 'mailwright'
import type { MaildirContext } from './context.ts'
import type { MailboxPlace } from './mailbox-state.ts'

/** Milliseconds after a delivery: more of them are prepared for at once. */
const delay = 250
// What comes above is prepared when somebody opens it.
const most = 10_000

/**
 * Gives delivered messages their UIDs, and puts what lists show of them beside the index, soon after the delivery: so
 * that who opens a mailbox need not wait for it, and a delivery need not wait either. One mailbox after the other.
 */
export class Preparations {
  readonly #context: MaildirContext
  readonly #prepare: (place: MailboxPlace) => Promise<void>
  readonly #waiting = new Map<string, MailboxPlace>()
  #timer: Timer | undefined
  #running: Promise<void> | undefined

  constructor(context: MaildirContext, prepare: (place: MailboxPlace) => Promise<void>) {
    this.#context = context
    this.#prepare = prepare
  }

  schedule(place: MailboxPlace): void {
    if (this.#waiting.size >= most) return
    this.#waiting.set(place.path, place)
    if (this.#running === undefined)
      this.#timer ??= this.#context.clock.after(delay, () => void this.finish())
  }

  /** Does what is waiting, and resolves when it is done. Never fails: nothing depends on it. */
  finish(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(): Promise<void> {
    for (const [path, place] of this.#waiting) {
      this.#waiting.delete(path)
      try {
        await this.#prepare(place)
      } catch (error) {
        this.#context.log.debug('unavailable', { mailbox: path, problem: 'it is prepared later', error })
      }
    }
  }
}
