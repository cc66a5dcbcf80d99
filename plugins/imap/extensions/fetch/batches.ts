import { encodeSummary, type Mailbox, type MessageEntry, type MessageSummary } from 'mailwright'

/** Messages that are taken together, between two looks at the clock. */
const mostTogether = 250
/** Octets of their summaries, which are large where messages have thousands of parts. */
const mostOctets = 8 * 1024 * 1024

/** Messages that follow each other, with their summaries where these are needed. */
export interface FetchedBatch {
  /** Ascending. */
  readonly entries: readonly MessageEntry[]
  readonly summaries: ReadonlyMap<number, MessageSummary> | undefined
}

/** Cuts the messages of a FETCH, which ascend, into batches of which what has to be known fits into memory. */
export class Batches {
  readonly #entries: readonly MessageEntry[]
  readonly #descending: boolean
  readonly #mailbox: Pick<Mailbox, 'summaries'> | undefined
  #taken = 0
  #size = mostTogether

  /** With `descending` the last messages come first. Without a mailbox nothing is read. */
  constructor(
    entries: readonly MessageEntry[],
    descending: boolean,
    mailbox: Pick<Mailbox, 'summaries'> | undefined,
  ) {
    this.#entries = entries
    this.#descending = descending
    this.#mailbox = mailbox
  }

  /** Undefined where there are no more. Fails as the mailbox does. */
  async next(): Promise<FetchedBatch | undefined> {
    while (this.#taken < this.#entries.length) {
      const entries = this.#following()
      const summaries = this.#mailbox && (await this.#summaries(this.#mailbox, entries))
      if (this.#mailbox === undefined || summaries !== undefined) {
        this.#taken += entries.length
        this.#size = Math.min(this.#size * 2, mostTogether)
        return { entries, summaries }
      }
      this.#size = Math.ceil(entries.length / 4)
    }
    return undefined
  }

  #following(): readonly MessageEntry[] {
    const end = this.#taken + this.#size
    if (!this.#descending) return this.#entries.slice(this.#taken, end)
    return this.#entries.slice(-end, this.#entries.length - this.#taken)
  }

  /** Undefined where they are too large; one alone never is. */
  async #summaries(
    mailbox: Pick<Mailbox, 'summaries'>,
    entries: readonly MessageEntry[],
  ): Promise<ReadonlyMap<number, MessageSummary> | undefined> {
    const found = new Map<number, MessageSummary>()
    let octets = 0
    for await (const summary of mailbox.summaries(entries.map(({ uid }) => uid))) {
      found.set(summary.uid, summary)
      octets += encodeSummary(summary).length
      if (octets > mostOctets && entries.length > 1) return undefined
    }
    return found
  }
}
