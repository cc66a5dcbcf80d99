import type { Clock } from 'mailwright'

/** Milliseconds after which an outcome is thought to be one that cannot be written now. */
const patience = 1_000

/** Outcomes on their way into the table. While some cannot be written nothing new is to begin: a crash would deliver all of it again. */
export class UnwrittenOutcomes {
  readonly #clock: Clock
  #late = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get areLate(): boolean {
    return this.#late > 0
  }

  /** Resolves when what is being written is there. */
  async until(written: Promise<void>): Promise<void> {
    let isLate = false
    const alarm = this.#clock.after(patience, () => {
      isLate = true
      this.#late++
    })
    await written
    alarm.cancel()
    if (isLate) this.#late--
  }
}
