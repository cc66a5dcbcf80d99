import type { Timer } from 'mailwright'
import type { MaildirContext } from '../context.ts'
import type { MailboxPlace } from '../files/mailbox-place.ts'

/** Milliseconds between looks at what is waiting. */
const tick = 250
/** A mailbox's turn comes when nothing was delivered for so long, so that much mail is prepared for at once. */
const quiet = 500
/** But after so long in any case. */
const patience = 10_000
// What comes above is prepared when somebody opens it.
const most = 10_000

interface Waiting {
  readonly place: MailboxPlace
  readonly since: number
  last: number
}

/**
 * Gives delivered messages their UIDs, and puts what lists show of them beside the index, soon after the delivery: so
 * that who opens a mailbox need not wait for it, and a delivery need not wait either. One mailbox after the other.
 */
export class Preparations {
  readonly #context: MaildirContext
  readonly #prepare: (place: MailboxPlace) => Promise<void>
  readonly #waiting = new Map<string, Waiting>()
  #timer: Timer | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(context: MaildirContext, prepare: (place: MailboxPlace) => Promise<void>) {
    this.#context = context
    this.#prepare = prepare
  }

  schedule(place: MailboxPlace): void {
    const now = this.#context.clock.monotonic()
    const waiting = this.#waiting.get(place.path)
    if (waiting !== undefined) waiting.last = now
    else if (this.#waiting.size < most) this.#waiting.set(place.path, { place, since: now, last: now })
    this.#timer ??= this.#context.clock.after(tick, () => this.#look())
  }

  /** Does what is waiting, and resolves when it is done. Never fails: nothing depends on it. */
  finish(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    return this.#run(() => true)
  }

  #look(): void {
    void this.#run(({ since, last }) => {
      const now = this.#context.clock.monotonic()
      return now - last >= quiet || now - since >= patience
    }).then(() => {
      this.#timer = this.#waiting.size > 0 ? this.#context.clock.after(tick, () => this.#look()) : undefined
    })
  }

  #run(isDue: (waiting: Waiting) => boolean): Promise<void> {
    this.#running = this.#running.then(async () => {
      for (const [path, waiting] of this.#waiting) {
        if (!isDue(waiting)) continue
        this.#waiting.delete(path)
        try {
          await this.#prepare(waiting.place)
        } catch (error) {
          this.#context.log.debug('unavailable', { mailbox: path, problem: 'it is prepared later', error })
        }
      }
    })
    return this.#running
  }
}
