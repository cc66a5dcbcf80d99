import type { Clock, Finding, Session, Transaction } from 'mailwright'
import type { Listing, ListLookup } from './list-lookup.ts'
import type { DnsListsOptions, Subject } from './options.ts'

type Lookups = readonly Promise<Listing | undefined>[]

const none: Lookups = []

/** What the lists say of a session. Look-ups begin as soon as there is something to look up, and nobody waits for them. */
export class SessionScore {
  readonly #lookup: ListLookup
  readonly #options: DnsListsOptions
  readonly #clock: Clock
  readonly #clients = new WeakMap<Session, Lookups>()
  readonly #hellos = new WeakMap<NonNullable<Session['hello']>, Lookups>()
  readonly #senders = new WeakMap<Transaction, Lookups>()

  constructor(lookup: ListLookup, options: DnsListsOptions, clock: Clock) {
    this.#lookup = lookup
    this.#options = options
    this.#clock = clock
  }

  /** Begins to look up the client. */
  client(session: Session): Lookups {
    const begun = this.#clients.get(session) ?? this.#begin('client', session.remote.address)
    this.#clients.set(session, begun)
    return begun
  }

  /** Begins to look up what it calls itself. */
  hello({ hello }: Session): Lookups {
    if (hello === undefined) return none
    const begun = this.#hellos.get(hello) ?? this.#begin('hello', hello.name)
    this.#hellos.set(hello, begun)
    return begun
  }

  /** Begins to look up the sender's domain. */
  sender(transaction: Transaction): Lookups {
    const domain = transaction.reversePath?.domain ?? ''
    const begun = this.#senders.get(transaction) ?? this.#begin('sender', domain)
    this.#senders.set(transaction, begun)
    return begun
  }

  /** All listings that were found in time; without a transaction those of the client alone. */
  async listings(session: Session, transaction?: Transaction): Promise<readonly Listing[]> {
    const begun = [
      ...this.client(session),
      ...(transaction === undefined ? none : [...this.hello(session), ...this.sender(transaction)]),
    ]
    return (await Promise.all(begun)).filter((listing) => listing !== undefined)
  }

  /** What those lists say in words, in the order of the listings; empty where they say nothing in time. */
  async reasons(listings: readonly Listing[]): Promise<readonly string[]> {
    const texts = listings.map((listing) => this.#inTime(this.#lookup.reason(listing)))
    return (await Promise.all(texts)).map((text) => text ?? '')
  }

  #begin(subject: Subject, who: string): Lookups {
    return this.#options.lists
      .filter((list) => list.of === subject)
      .map((list) => this.#inTime(this.#lookup.find(list, who)))
  }

  /** Undefined where it is not there in time: it says nothing then, for or against. */
  #inTime<T>(asked: Promise<T | undefined>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(this.#options.timeout, () => resolve(undefined))
      void asked.then(resolve, reject).finally(() => timer.cancel())
    })
  }
}

export function totalScore(listings: readonly Listing[]): number {
  return listings.reduce((sum, { list }) => sum + list.score, 0)
}

/** What filters may make of it. */
export function listingFinding(plugin: string, { list, who, answers }: Listing): Finding {
  const { name, score, of } = list
  return {
    test: `${plugin}/${name}`,
    score,
    text: `${of} ${who} is on ${name} (${answers.join(', ')})`,
    data: { of, who, answers },
  }
}
