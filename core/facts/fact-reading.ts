import { errorCode } from '../errors.ts'
import type { MessageSummary } from '../model/summary.ts'
import type { Mailbox } from '../services/mailbox.ts'
import { Pacer } from '../summary/pacer.ts'
import type { Fact } from './fact.ts'
import { type AnyColumn, FactRows } from './fact-rows.ts'
import { wholeHeader } from './whole-header.ts'

/** Where facts come from: a mailbox. */
export type FactSource = Pick<Mailbox, 'id' | 'uidValidity' | 'entries' | 'summaries' | 'content'>

// Messages between two looks at what columns have become.
const betweenLooks = 256

/** Makes facts of some messages known. */
export class FactReading {
  readonly #source: FactSource
  readonly #columns: ReadonlyMap<Fact, AnyColumn>
  readonly #uids: readonly number[]
  readonly #slots: Uint32Array
  readonly #needed: readonly string[]
  /** Behind the last place that was looked at. */
  #end: number

  /** UIDs ascending, and the slot of each. */
  constructor(
    source: FactSource,
    columns: ReadonlyMap<Fact, AnyColumn>,
    uids: readonly number[],
    slots: Uint32Array,
  ) {
    this.#source = source
    this.#columns = columns
    this.#uids = uids
    this.#slots = slots
    this.#end = uids.length
    this.#needed = [...columns.keys()].flatMap(({ fields }) => fields ?? [])
  }

  /** Places of the messages of which not everything is known. */
  missing(): readonly number[] {
    const columns = [...this.#columns.values()]
    if (columns.every((column) => column.hasAll(this.#slots))) return []
    const places: number[] = []
    for (let place = 0; place < this.#slots.length; place += 1) {
      const slot = this.#slots[place] ?? 0
      if (!columns.every((column) => column.has(slot))) places.push(place)
    }
    return places
  }

  /**
   * Reads what is missing, in turn with other work, until columns have grown by so many octets. Fails as the source does.
   */
  async run(most: number, grew: () => void): Promise<void> {
    const pacer = new Pacer()
    const full = this.#bytes + most
    const places = this.missing()
    if (places.length === 0) return
    const wanted = places.map((place) => this.#uids[place] ?? 0)
    let at = 0
    for await (const summary of this.#source.summaries(wanted)) {
      while ((wanted[at] ?? summary.uid) < summary.uid) at += 1
      const slot = wanted[at] === summary.uid ? this.#slots[places[at] ?? 0] : undefined
      const message = this.#isWhole(summary) ? summary : await this.#completed(summary)
      if (slot === undefined || message === undefined) continue
      for (const column of this.#columns.values()) {
        column.learn(slot, message)
        if (pacer.isDue) await pacer.rest()
      }
      at += 1
      if (this.#bytes > full) {
        this.#end = places[at] ?? this.#uids.length
        break
      }
      if (at % betweenLooks === 0) grew()
    }
    grew()
  }

  /** What is known now. */
  rows(): FactRows {
    const missing = this.missing()
    if (missing.length === 0) return new FactRows(this.#uids, this.#slots, this.#columns)
    const end = this.#end
    const lost = new Set(missing)
    return new FactRows(
      this.#uids.filter((_, place) => place < end && !lost.has(place)),
      this.#slots.filter((_, place) => place < end && !lost.has(place)),
      this.#columns,
      end,
    )
  }

  get #bytes(): number {
    let bytes = 0
    for (const column of this.#columns.values()) bytes += column.bytes
    return bytes
  }

  #isWhole(summary: MessageSummary): boolean {
    if (this.#needed.length === 0) return true
    const { omitted } = summary
    return omitted.length === 0 || !this.#needed.some((field) => omitted.includes(field))
  }

  /** The summary with the message's whole header; undefined where the message was removed. */
  async #completed(summary: MessageSummary): Promise<MessageSummary | undefined> {
    try {
      const header = await wholeHeader(await this.#source.content(summary.uid))
      const { uid, envelope, structure, preview } = summary
      return { uid, header, omitted: [], envelope, structure, preview }
    } catch (error) {
      if (errorCode(error) === 'MAIL_E_NOT_FOUND') return undefined
      throw error
    }
  }
}
