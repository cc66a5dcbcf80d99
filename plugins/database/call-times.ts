import {
  type Clock,
  type Counter,
  durationBuckets,
  type Histogram,
  type Labelled,
  type Metrics,
} from 'mailwright'

/** Measures what is asked of the database: how long it takes, and how often it cannot answer. */
export class CallTimes {
  readonly #clock: Clock
  readonly #calls: Labelled<Histogram, readonly ['call']>
  readonly #commits: Labelled<Histogram, readonly []>
  readonly #unavailable: Labelled<Counter, readonly []>

  constructor(clock: Clock, metrics: Metrics) {
    this.#clock = clock
    this.#calls = metrics.histogram({
      name: 'mailwright_database_call_seconds',
      help: 'How long queries and whole transactions took, with what waited for locks and connections.',
      labels: ['call'],
      buckets: durationBuckets,
    })
    this.#commits = metrics.histogram({
      name: 'mailwright_database_commit_seconds',
      help: 'How long transactions took from their last statement until they were durable.',
      buckets: durationBuckets,
    })
    this.#unavailable = metrics.counter({
      name: 'mailwright_database_unavailable_total',
      help: 'Queries and transactions that failed since the database could not answer.',
    })
  }

  async call<T>(kind: 'query' | 'transaction', run: () => Promise<T>): Promise<T> {
    const ended = this.#begin(this.#calls.of(kind))
    try {
      return await run()
    } finally {
      ended()
    }
  }

  /** The last statement is done; answers what is to be called when the transaction is durable. */
  committing(): () => void {
    return this.#begin(this.#commits.of())
  }

  #begin(histogram: Histogram): () => void {
    const began = this.#clock.monotonic()
    return () => histogram.observe((this.#clock.monotonic() - began) / 1000)
  }

  failed(): void {
    this.#unavailable.of().add()
  }
}
