import type { Clock, Content, MessageEntry, Timer } from 'mailwright'

/** So many messages are read along, and so many octets of them; more are read when half of them are taken. */
const mostMessages = 16
const mostOctets = 256 * 1024
/** Octets that are kept for all sessions together. */
const mostOfAll = 16 * 1024 * 1024
/** Milliseconds that they are kept. */
const patience = 1000
/** Messages that are asked for one after the other before it is believed that more will be. */
const leastInARow = 2

/** Octets that are kept at the moment. */
export interface AheadOctets {
  octets: number
}

interface Ahead {
  readonly content: Promise<Content>
  readonly octets: number
}

/**
 * Contents for somebody who asks for one message after the other and waits for each: the next ones are read together with
 * it, so that the disk is asked once for several. Whoever takes one gets what was there a moment ago.
 */
export class ReadAhead {
  readonly #clock: Clock
  readonly #open: (uid: number) => Promise<Content>
  readonly #ofAll: AheadOctets
  readonly #ahead = new Map<number, Ahead>()
  #octets = 0
  /** The place after the message that was asked for last, and the one after those that are read already. */
  #next = -1
  #end = 0
  #inARow = 0
  /** Contents that are waited for. */
  #waiting = 0
  #timer: Timer | undefined

  constructor(clock: Clock, ofAll: AheadOctets, open: (uid: number) => Promise<Content>) {
    this.#clock = clock
    this.#ofAll = ofAll
    this.#open = open
  }

  /** The content of the message at a place in a list. */
  content(entries: readonly MessageEntry[], at: number): Promise<Content> {
    const uid = entries[at]?.uid ?? 0
    // Who asks for several at once does without.
    this.#inARow = at === this.#next && this.#waiting === 0 ? this.#inARow + 1 : 0
    this.#next = at + 1
    if (this.#inARow === 0) this.forget()
    const ahead = this.#ahead.get(uid)
    if (ahead !== undefined) this.#drop(uid, ahead)
    // What could not be read ahead is tried again.
    const content = ahead?.content.catch(() => this.#open(uid)) ?? this.#open(uid)
    if (this.#inARow >= leastInARow && this.#ahead.size <= mostMessages / 2) this.#readOn(entries)
    return this.#waitedFor(content)
  }

  async #waitedFor(content: Promise<Content>): Promise<Content> {
    this.#waiting += 1
    try {
      return await content
    } finally {
      this.#waiting -= 1
    }
  }

  /** Gives up what nobody has asked for. */
  forget(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const [uid, ahead] of this.#ahead) this.#drop(uid, ahead)
    this.#end = 0
  }

  #readOn(entries: readonly MessageEntry[]): void {
    this.#end = Math.max(this.#end, this.#next)
    for (; this.#ahead.size < mostMessages; this.#end += 1) {
      const entry = entries[this.#end]
      if (entry === undefined || this.#octets + entry.size > mostOctets) break
      if (this.#ofAll.octets + entry.size > mostOfAll) break
      const content = this.#open(entry.uid)
      content.catch(() => undefined)
      this.#ahead.set(entry.uid, { content, octets: entry.size })
      this.#octets += entry.size
      this.#ofAll.octets += entry.size
    }
    this.#timer?.cancel()
    this.#timer = this.#ahead.size === 0 ? undefined : this.#clock.after(patience, () => this.forget())
  }

  #drop(uid: number, { octets }: Ahead): void {
    this.#ahead.delete(uid)
    this.#octets -= octets
    this.#ofAll.octets -= octets
  }
}
