import { type Clock, durationBuckets, type Histogram, type Labelled, type Metrics } from 'mailwright'

/** What is made durable: a message's file, a mailbox's index, entries of a directory, deliveries in the log. */
export type Synced = 'message' | 'index' | 'directory' | 'log'

/** Measures how long the disk takes to make something durable: what every delivery waits for. */
export class SyncTimes {
  readonly #clock: Clock
  readonly #durations: Labelled<Histogram, readonly ['what']> | undefined

  /** Nothing is measured where there are no metrics. */
  constructor(clock: Clock, metrics: Metrics | undefined) {
    this.#clock = clock
    this.#durations = metrics?.histogram({
      name: 'mailwright_maildir_sync_seconds',
      help: 'How long the disk took to make something of a Maildir durable: message, index, directory, or deliveries in the log.',
      labels: ['what'],
      buckets: durationBuckets,
    })
  }

  /** Waits for a sync. Those that fail count too: a disk that fails often takes its time. */
  async timed(what: Synced, run: () => Promise<void>): Promise<void> {
    if (this.#durations === undefined) return run()
    const began = this.#clock.monotonic()
    try {
      await run()
    } finally {
      this.#durations.of(what).observe((this.#clock.monotonic() - began) / 1000)
    }
  }
}
