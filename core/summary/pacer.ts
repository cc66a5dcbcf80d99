import { setImmediate } from 'node:timers/promises'

// Milliseconds of work after which others get their turn.
const longestWork = 5

/** When the last of those who rest goes on. */
let lastTurn: Promise<void> = Promise.resolve()

/** Keeps long work from holding up everything else in the process. */
export class Pacer {
  #since = performance.now()

  /** Whether the work has gone on long enough; then `rest` is to be awaited. */
  get isDue(): boolean {
    return performance.now() - this.#since >= longestWork
  }

  /** Lets the event loop go round: once for each who rests, so that many at work hold others up no longer than one. */
  async rest(): Promise<void> {
    lastTurn = lastTurn.then(() => setImmediate())
    await lastTurn
    this.restart()
  }

  /** Others have had their turn just now. */
  restart(): void {
    this.#since = performance.now()
  }
}
