import type { Content } from 'mailwright'
import type { IndexRecord } from '../index/index-record.ts'

/** So many messages are opened ahead, and so many octets of them; more are opened when a third of them is left. */
const mostMessages = 24
const mostOctets = 512 * 1024

/** Contents of messages that are wanted one after the other: they are opened some at a time, while others are worked on. */
export class ContentsInOrder {
  readonly #open: (record: IndexRecord) => Promise<Content>
  readonly #records: readonly IndexRecord[]
  readonly #ahead: { readonly content: Promise<Content>; readonly octets: number }[] = []
  #octets = 0
  #end = 0

  constructor(records: readonly IndexRecord[], open: (record: IndexRecord) => Promise<Content>) {
    this.#open = open
    this.#records = records
  }

  /** The content of the next one; rejects as it is opened. Only as often as there are records. */
  next(): Promise<Content> {
    if (this.#ahead.length <= mostMessages / 3) this.#openMore()
    const { content, octets } = this.#ahead.shift() ?? noMore()
    this.#octets -= octets
    return content
  }

  #openMore(): void {
    for (; this.#ahead.length < mostMessages; this.#end += 1) {
      const record = this.#records[this.#end]
      if (record === undefined) return
      const octets = record.entry.size
      if (this.#ahead.length > 0 && this.#octets + octets > mostOctets) return
      const content = this.#open(record)
      // Whoever takes it learns of a failure.
      content.catch(() => undefined)
      this.#ahead.push({ content, octets })
      this.#octets += octets
    }
  }
}

function noMore(): never {
  throw new RangeError('there are no more messages')
}
