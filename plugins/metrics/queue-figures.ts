import {
  type Clock,
  type Metrics,
  type Observed,
  type Queue,
  type QueueDestination,
  queueAgeLimits,
} from 'mailwright'

/** Milliseconds for which the figures are good. */
const fresh = 10_000
/** Destinations that are looked at, those first that most waits for: what waits for others is not counted. */
const mostLookedAt = 1_000
/** Held messages that are counted. */
const mostHeld = 100

interface Figures {
  readonly destinations: readonly QueueDestination[]
  readonly held: number
}

/** What waits in the queue, asked when somebody looks. All workers share a queue, so that one of them is asked. */
export class QueueFigures {
  readonly #queue: Queue
  readonly #clock: Clock
  readonly #top: number
  #known: Promise<Figures> | undefined
  #until = Number.NEGATIVE_INFINITY

  /** `top` destinations are told apart. */
  constructor(queue: Queue, clock: Clock, top: number) {
    this.#queue = queue
    this.#clock = clock
    this.#top = top
  }

  declare(metrics: Metrics): void {
    const one = (name: string, help: string, figure: (figures: Figures) => number | undefined): void =>
      metrics.observe({ name, help, shared: true }, () => this.#tell(figure))
    one(
      'mailwright_queue_destinations',
      'Destinations that something waits for.',
      ({ destinations }) => destinations.length,
    )
    one(
      'mailwright_queue_paused_destinations',
      'Destinations that did not answer and are left alone for a while.',
      (figures) => this.#paused(figures),
    )
    one(
      'mailwright_queue_oldest_age_seconds',
      'Age of what has waited longest; 0 where nothing waits.',
      (figures) => this.#oldest(figures),
    )
    one(
      'mailwright_queue_held_messages',
      'Messages that a postmaster has to look at, up to 100.',
      ({ held }) => held,
    )
    metrics.observe(
      {
        name: 'mailwright_queue_recipients',
        help: 'Recipients who wait, by the age of their message: up to so many minutes, and not up to the class before.',
        labels: ['up_to_minutes'],
        shared: true,
      },
      () => this.#tell(({ destinations }) => ages(destinations)),
    )
    metrics.observe(
      {
        name: 'mailwright_queue_destination_recipients',
        help: 'Recipients who wait, for the destinations that most wait for, and for all others together.',
        labels: ['destination'],
        limit: this.#top + 1,
        shared: true,
      },
      () => this.#tell(({ destinations }) => this.#largest(destinations)),
    )
  }

  /** Nothing where the queue has nothing to look at. */
  async #tell<Labels extends readonly string[]>(
    figure: (figures: Figures) => Observed<Labels>,
  ): Promise<Observed<Labels>> {
    return this.#queue.supports.manageable ? figure(await this.#figures()) : undefined
  }

  #figures(): Promise<Figures> {
    if (this.#known !== undefined && this.#clock.monotonic() < this.#until) return this.#known
    this.#until = this.#clock.monotonic() + fresh
    this.#known = this.#look()
    // What failed is asked again by the next who wants to know.
    this.#known.catch(() => {
      this.#until = Number.NEGATIVE_INFINITY
    })
    return this.#known
  }

  async #look(): Promise<Figures> {
    const [destinations, held] = await Promise.all([
      this.#queue.statistics(mostLookedAt),
      this.#queue.list({ state: 'held' }, mostHeld),
    ])
    return { destinations, held: held.length }
  }

  #paused({ destinations }: Figures): number {
    const now = this.#clock.now()
    return destinations.filter(({ pausedUntil }) => pausedUntil !== undefined && pausedUntil.getTime() > now)
      .length
  }

  #oldest({ destinations }: Figures): number {
    const oldest = destinations.reduce((least, each) => Math.min(least, each.oldest), this.#clock.now())
    return (this.#clock.now() - oldest) / 1000
  }

  #largest(destinations: readonly QueueDestination[]): { labels: readonly [string]; value: number }[] {
    const sorted = destinations.toSorted((a, b) => b.recipients - a.recipients)
    const total = (some: readonly QueueDestination[]): number =>
      some.reduce((sum, each) => sum + each.recipients, 0)
    const [largest, rest] = [sorted.slice(0, this.#top), sorted.slice(this.#top)]
    const told = largest.map(({ destination, recipients }) => ({
      labels: [destination] as const,
      value: recipients,
    }))
    return [...told, { labels: ['other'], value: total(rest) }]
  }
}

function ages(destinations: readonly QueueDestination[]): { labels: readonly [string]; value: number }[] {
  const classes = [...queueAgeLimits.map(String), 'more']
  return classes.map((name, index) => ({
    labels: [name],
    value: destinations.reduce((sum, each) => sum + (each.ages[index] ?? 0), 0),
  }))
}
