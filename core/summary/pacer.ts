import { setImmediate } from 'node:timers/promises'

// Milliseconds of work after which others get their turn.
const longestWork = 5

/** Keeps long work from holding up everything else in the process. */
export class Pacer {
  #since = performance.now()

  /** Whether the work has gone on long enough; then `rest` is to be awaited. */
  get isDue(): boolean {
    return performance.now() - this.#since >= longestWork
  }

  /** Lets the event loop go round once. */
  async rest(): Promise<void> {
    await setImmediate()
    this.restart()
  }

  /** Others have had their turn just now. */
  restart(): void {
    this.#since = performance.now()
  }
}
