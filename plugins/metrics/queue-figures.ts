import {
  type Clock,
  type Metrics,
  type Observed,
  type Queue,
  type QueueDestination,
  type QueueStatistics,
  queueAgeLimits,
} from 'mailwright'

/** Milliseconds for which the figures are good at least. */
const fresh = 10_000
/** Of a very long queue, counting takes its time: no more than one part in so many is spent on it. */
const rest = 20
/** Milliseconds after which whoever asks gets the figures from before, where counting still goes on. */
const patience = 1_000

/** Of a metric with one label. */
interface Sample {
  readonly labels: readonly [string]
  readonly value: number
}

/** What waits in the queue, counted when somebody looks. All workers share a queue, so that one of them is asked. */
export class QueueFigures {
  readonly #queue: Queue
  readonly #clock: Clock
  readonly #top: number
  #known: QueueStatistics | undefined
  #until = Number.NEGATIVE_INFINITY
  #counting: Promise<QueueStatistics> | undefined

  /** `top` destinations are told apart. */
  constructor(queue: Queue, clock: Clock, top: number) {
    this.#queue = queue
    this.#clock = clock
    this.#top = top
  }

  declare(metrics: Metrics): void {
    const one = (name: string, help: string, figure: (counted: QueueStatistics) => number): void =>
      metrics.observe({ name, help, shared: true }, () => this.#tell(figure))
    one(
      'mailwright_queue_destinations',
      'Destinations that something waits for.',
      ({ total }) => total.destinations,
    )
    one(
      'mailwright_queue_paused_destinations',
      'Destinations that are left alone for a while: they did not answer, or it is not the turn of what waits for them.',
      ({ total }) => total.paused,
    )
    one(
      'mailwright_queue_oldest_age_seconds',
      'Age of what has waited longest; 0 where nothing waits.',
      ({ total }) => (this.#clock.now() - (total.oldest ?? this.#clock.now())) / 1000,
    )
    one(
      'mailwright_queue_held_recipients',
      'Recipients who wait for the postmaster; they are among those who wait.',
      ({ total }) => total.held,
    )
    metrics.observe(
      {
        name: 'mailwright_queue_recipients',
        help: 'Recipients who wait, by the age of their message: up to so many minutes, and not up to the class before.',
        labels: ['up_to_minutes'],
        shared: true,
      },
      () => this.#tell(ages),
    )
    metrics.observe(
      {
        name: 'mailwright_queue_destination_recipients',
        help: 'Recipients who wait, for the destinations that most wait for, and for all others together.',
        labels: ['destination'],
        limit: this.#top + 1,
        shared: true,
      },
      () => this.#tell(largest),
    )
    metrics.observe(
      {
        name: 'mailwright_queue_destination_oldest_age_seconds',
        help: 'Age of what has waited longest, for the destinations that most wait for.',
        labels: ['destination'],
        limit: this.#top + 1,
        shared: true,
      },
      () => this.#tell(({ destinations }) => this.#oldest(destinations)),
    )
  }

  /** Nothing where the queue has nothing to look at. */
  async #tell<Labels extends readonly string[]>(
    figure: (counted: QueueStatistics) => Observed<Labels>,
  ): Promise<Observed<Labels>> {
    return this.#queue.supports.manageable ? figure(await this.#statistics()) : undefined
  }

  #oldest(destinations: readonly QueueDestination[]): readonly Sample[] {
    const now = this.#clock.now()
    return destinations.map(({ destination, oldest }) => ({
      labels: [destination],
      value: Math.max(0, now - oldest) / 1000,
    }))
  }

  async #statistics(): Promise<QueueStatistics> {
    const known = this.#known
    if (known !== undefined && this.#clock.monotonic() < this.#until) return known
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined
    })
    if (known === undefined) return this.#counting
    const late = Promise.withResolvers<QueueStatistics>()
    const timer = this.#clock.after(patience, () => late.resolve(known))
    try {
      return await Promise.race([this.#counting, late.promise])
    } finally {
      timer.cancel()
    }
  }

  /** What fails leaves no figures, and is tried again by the next who wants to know. */
  async #count(): Promise<QueueStatistics> {
    const began = this.#clock.monotonic()
    try {
      this.#known = await this.#queue.statistics(this.#top)
    } catch (error) {
      this.#known = undefined
      throw error
    }
    const ended = this.#clock.monotonic()
    this.#until = ended + Math.max(fresh, rest * (ended - began))
    return this.#known
  }
}

function largest({ total, destinations }: QueueStatistics): readonly Sample[] {
  const told = destinations.map(({ destination, recipients }) => ({
    labels: [destination] as const,
    value: recipients,
  }))
  const others = told.reduce((left, { value }) => left - value, total.recipients)
  return [...told, { labels: ['other'], value: others }]
}

function ages({ total }: QueueStatistics): readonly Sample[] {
  const classes = [...queueAgeLimits.map(String), 'more']
  return classes.map((name, index) => ({ labels: [name], value: total.ages[index] ?? 0 }))
}
