import { Pacer } from '../summary/pacer.ts'
import { ownText } from './octet-text.ts'
import { pacedSort } from './paced-sort.ts'

// What a word takes beside its octets: a string's head, its place in a list and in a map.
const overhead = 80
// Steps between two looks at the clock.
const stepsAtOnce = 1_024

/** Different words, each with a number from 0 in the order in which they came. */
export class WordTable {
  readonly #words: string[] = []
  readonly #numbers = new Map<string, number>()
  #octets = 0
  /** The numbers of the words that are in order already: the first ones, by their words. */
  #order: Uint32Array = new Uint32Array(0)
  #ranks: Uint32Array = new Uint32Array(0)

  get size(): number {
    return this.#words.length
  }

  /** Octets of memory, as nearly as can be said. */
  get bytes(): number {
    return this.#octets + this.#words.length * overhead + this.#order.byteLength + this.#ranks.byteLength
  }

  /** The number of a word; a new one where it was not there. */
  add(word: string): number {
    const known = this.#numbers.get(word)
    if (known !== undefined) return known
    const own = ownText(word)
    this.#numbers.set(own, this.#words.length)
    this.#octets += own.length
    return this.#words.push(own) - 1
  }

  word(number: number): string {
    return this.#words[number] ?? ''
  }

  /**
   * For each word its place among all that were there when this was asked, by their octets. Made once, in turn with other
   * work, and then brought up to date with what is new.
   */
  async ranks(): Promise<Uint32Array> {
    const size = this.#words.length
    if (this.#ranks.length >= size) return this.#ranks
    const pacer = new Pacer()
    const before = this.#order
    const fresh = new Uint32Array(size - before.length)
    for (let index = 0; index < fresh.length; index += 1) fresh[index] = before.length + index
    const order = await this.#merged(before, await pacedSort(fresh, this.#compare, pacer), pacer)
    const ranks = new Uint32Array(size)
    for (let rank = 0; rank < size; rank += 1) ranks[order[rank] ?? 0] = rank
    // Someone else may have done more meanwhile.
    if (this.#ranks.length < size) {
      this.#order = order
      this.#ranks = ranks
    }
    return ranks
  }

  readonly #compare = (a: number, b: number): number => {
    const [one, other] = [this.word(a), this.word(b)]
    if (one === other) return 0
    return one < other ? -1 : 1
  }

  /** Puts sorted new words among those in order: few into many is what mostly happens. */
  async #merged(order: Uint32Array, fresh: Uint32Array, pacer: Pacer): Promise<Uint32Array> {
    if (order.length === 0) return fresh
    const merged = new Uint32Array(order.length + fresh.length)
    let from = 0
    for (let index = 0; index < fresh.length; index += 1) {
      const number = fresh[index] ?? 0
      const place = this.#placeOf(number, order, from)
      merged.set(order.subarray(from, place), from + index)
      merged[place + index] = number
      from = place
      if (index % stepsAtOnce === 0 && pacer.isDue) await pacer.rest()
    }
    merged.set(order.subarray(from), from + fresh.length)
    return merged
  }

  /** Before which of the ordered words, from `low` on, a word belongs. */
  #placeOf(number: number, order: Uint32Array, low: number): number {
    let start = low
    let end = order.length
    while (start < end) {
      const middle = (start + end) >>> 1
      if (this.#compare(order[middle] ?? 0, number) < 0) start = middle + 1
      else end = middle
    }
    return start
  }
}
