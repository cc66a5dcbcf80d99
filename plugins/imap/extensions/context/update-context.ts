import {
  ConnectionLost,
  type ImapSearchResult,
  type ImapSelected,
  type ImapUpdate,
  type MessageEntry,
} from 'mailwright'
import { numbersOf } from '../../search/result.ts'
import type { FetchedItems } from '../fetch/fetched-items.ts'
import { fetchMessages } from '../fetch/run.ts'
import { addTo, type Naming, removeFrom, runsIn, unplaced } from './changed-results.ts'

/** What is done beside telling of changes. */
export interface UpdateWishes {
  /** What is fetched of new messages that are found. */
  readonly items: FetchedItems | undefined
  /** Called where the result can no longer be followed. */
  fail(context: UpdateContext): void
}

/** A search whose client is told how its result changes (RFC 5267 §4.3). */
export class UpdateContext {
  readonly tag: string
  readonly #result: ImapSearchResult
  readonly #selected: ImapSelected
  readonly #items: FetchedItems | undefined
  readonly #end: () => void
  /** What the client takes for the result; ascending where it is not sorted. */
  #uids: readonly number[]

  constructor(result: ImapSearchResult, selected: ImapSelected, { items, fail }: UpdateWishes) {
    this.tag = result.tag
    this.#result = result
    this.#selected = selected
    this.#uids = result.uids
    this.#items = items
    const guarded = async (work: () => void | Promise<void>): Promise<void> => {
      try {
        await work()
      } catch (error) {
        if (error instanceof ConnectionLost) throw error
        fail(this)
      }
    }
    this.#end = selected.onUpdate({
      telling: ({ vanished }) => guarded(() => this.#forget(vanished)),
      told: (update) => guarded(() => this.#look(update)),
    })
  }

  /** Messages that are remembered for it. */
  get size(): number {
    return this.#uids.length
  }

  end(): void {
    this.#end()
  }

  /** RFC 5267 §4.3.4: numbers of what is expunged are only valid before the client is told of it. */
  #forget(vanished: readonly number[]): void {
    if (vanished.length === 0) return
    const gone = new Set(vanished)
    this.#write(this.#remove((uid) => gone.has(uid)))
  }

  async #look({ arrived, flagged }: ImapUpdate): Promise<void> {
    const changed = [...new Set([...arrived, ...flagged].map(({ uid }) => uid))].sort((a, b) => a - b)
    if (changed.length === 0) return
    const { sorted } = this.#result
    const found = sorted ? await this.#result.again() : await this.#result.again(changed)
    const there = new Set(found)
    const candidates = new Set(changed)
    const removed = this.#remove((uid) => !there.has(uid) && (sorted || candidates.has(uid)))
    const before = new Set(this.#uids)
    const added = found.filter((uid) => !before.has(uid))
    if (added.length === 0) return this.#write(removed)
    const fresh = new Set(added)
    await this.#fetch(arrived.filter(({ uid }) => fresh.has(uid)))
    const naming = this.#naming
    const text = sorted
      ? addTo(
          runsIn(found, (uid) => fresh.has(uid)),
          naming,
        )
      : addTo(unplaced(added), naming)
    this.#uids = sorted ? found : [...this.#uids, ...added].sort((a, b) => a - b)
    this.#write(removed + text)
  }

  /** RFC 5465 §7: only of those that are new in the mailbox, and before they are told as results. */
  async #fetch(entries: readonly MessageEntry[]): Promise<void> {
    if (this.#items === undefined || entries.length === 0) return
    const { session, byUid } = this.#result
    await fetchMessages({ session, selected: this.#selected, byUid, items: this.#items }, entries)
  }

  /** Takes results away; answers what tells of it. */
  #remove(holds: (uid: number) => boolean): string {
    const removed = this.#uids.filter(holds)
    if (removed.length === 0) return ''
    const runs = this.#result.sorted ? runsIn(this.#uids, holds) : unplaced(removed)
    const text = removeFrom(runs, this.#naming)
    this.#uids = this.#uids.filter((uid) => !holds(uid))
    return text
  }

  get #naming(): Naming {
    const selected = this.#selected
    return this.#result.byUid ? (uids) => uids : (uids) => numbersOf(selected, uids)
  }

  #write(items: string): void {
    const { session, correlator, byUid } = this.#result
    if (items !== '') session.out.untagged(`ESEARCH ${correlator}${byUid ? ' UID' : ''}${items}`)
  }
}
