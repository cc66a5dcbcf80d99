import { type QueueCount, queueAgeLimits } from 'mailwright'

/** Recipients of one group whose messages arrived at the same time. */
export interface Counted {
  readonly group: string
  /** Milliseconds since 1970. */
  readonly arrivedAt: number
  readonly recipients: number
  readonly held: number
}

interface Count extends QueueCount {
  recipients: number
  held: number
  oldest: number
  readonly ages: number[]
}

/** Groups that are certainly told apart, and twice as many at the most: memory has an end. */
const usuallyToldApart = 50_000

/** Counts recipients, all of them and by groups. */
export class GroupCounts {
  readonly total: QueueCount
  readonly #total: Count
  readonly #groups = new Map<string, Count>()
  readonly #now: number
  readonly #toldApart: number
  #dropped = 0

  /** `now`: milliseconds since 1970. */
  constructor(now: number, toldApart: number = usuallyToldApart) {
    this.#now = now
    this.#toldApart = toldApart
    this.#total = noCount(now)
    this.total = this.#total
  }

  add({ group, arrivedAt, recipients, held }: Counted): void {
    const own = this.#groups.get(group) ?? noCount(this.#now)
    this.#groups.set(group, own)
    const age = ageClass(this.#now - arrivedAt)
    for (const count of [own, this.#total]) {
      count.recipients += recipients
      count.held += held
      count.ages[age] = (count.ages[age] ?? 0) + recipients
      count.oldest = Math.min(count.oldest, arrivedAt)
    }
  }

  /** Between portions: what little waits for is not among those that most waits for. */
  forgetSmallest(): void {
    if (this.#groups.size <= 2 * this.#toldApart) return
    const sorted = this.#sorted()
    for (const [group] of sorted.slice(this.#toldApart)) this.#groups.delete(group)
    this.#dropped += sorted.length - this.#groups.size
  }

  /** At the most: whoever was forgotten may have come again. */
  get found(): number {
    return this.#groups.size + this.#dropped
  }

  /** Whether that is certain. */
  get isExact(): boolean {
    return this.#dropped === 0
  }

  has(group: string): boolean {
    return this.#groups.has(group)
  }

  largest(limit: number): readonly (readonly [group: string, count: QueueCount])[] {
    return this.#sorted().slice(0, limit)
  }

  #sorted(): [string, Count][] {
    return [...this.#groups].sort(([, one], [, other]) => other.recipients - one.recipients)
  }
}

function ageClass(age: number): number {
  const found = queueAgeLimits.findIndex((minutes) => age <= minutes * 60_000)
  return found < 0 ? queueAgeLimits.length : found
}

function noCount(now: number): Count {
  return { recipients: 0, held: 0, oldest: now, ages: [...queueAgeLimits, 0].map(() => 0) }
}
