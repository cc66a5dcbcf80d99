import {
  type Clock,
  type Counter,
  durationBuckets,
  type Gauge,
  type Histogram,
  type Metrics,
} from 'mailwright'

/** Upper limits of classes of how many changes one commit has. */
const groupSizes = [1, 2, 5, 10, 20, 50, 100]

/** Counts and measures what a queue does in this process. What waits in the tables is counted by who asks for it. */
export class Measures {
  readonly #clock: Clock
  readonly #deliveries: Gauge
  readonly #commits: Histogram
  readonly #changes: Histogram
  readonly #files: Histogram
  readonly #failures: Counter

  constructor(clock: Clock, metrics: Metrics) {
    this.#clock = clock
    this.#deliveries = metrics
      .gauge({ name: 'mailwright_queue_active_deliveries', help: 'Deliveries that are under way.' })
      .of()
    this.#commits = metrics
      .histogram({
        name: 'mailwright_queue_commit_seconds',
        help: 'How long it took to make changes of the queue durable, with one commit for all of a moment.',
        buckets: durationBuckets,
      })
      .of()
    this.#changes = metrics
      .histogram({
        name: 'mailwright_queue_commit_changes',
        help: 'How many changes were made durable with one commit.',
        buckets: groupSizes,
      })
      .of()
    this.#files = metrics
      .histogram({
        name: 'mailwright_queue_file_seconds',
        help: 'How long it took to make the content of a large message durable, which is a file of its own.',
        buckets: durationBuckets,
      })
      .of()
    this.#failures = metrics
      .counter({
        name: 'mailwright_queue_acceptance_failures_total',
        help: 'Messages that the queue could not take responsibility for: it answered 451.',
      })
      .of()
  }

  /** Counts a delivery for as long as it is under way. */
  async delivery<T>(deliver: () => Promise<T>): Promise<T> {
    this.#deliveries.add(1)
    try {
      return await deliver()
    } finally {
      this.#deliveries.add(-1)
    }
  }

  /** A commit of so many changes begins; answers what is to be called at its end, also where it fails. */
  commit(changes: number): () => void {
    this.#changes.observe(changes)
    return this.#begin(this.#commits)
  }

  /** The same for the file of a large content. */
  file(): () => void {
    return this.#begin(this.#files)
  }

  notAccepted(): void {
    this.#failures.add()
  }

  #begin(durations: Histogram): () => void {
    const began = this.#clock.monotonic()
    return () => durations.observe((this.#clock.monotonic() - began) / 1000)
  }
}
