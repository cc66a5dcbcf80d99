import { ConnectionLost, type ImapSearchResult, type ImapSelected, type ImapUpdate } from 'mailwright'
import { numbersOf } from '../../search/result.ts'
import { addTo, type Naming, removeFrom, runsIn, unplaced } from './changed-results.ts'

/** A search whose client is told how its result changes (RFC 5267 §4.3). */
export class UpdateContext {
  readonly tag: string
  readonly #result: ImapSearchResult
  readonly #selected: ImapSelected
  readonly #end: () => void
  /** What the client takes for the result; ascending where it is not sorted. */
  #uids: readonly number[]

  /** `fail` is called where the result can no longer be followed. */
  constructor(result: ImapSearchResult, selected: ImapSelected, fail: (context: UpdateContext) => void) {
    this.tag = result.tag
    this.#result = result
    this.#selected = selected
    this.#uids = result.uids
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
    const naming = this.#naming
    const fresh = new Set(added)
    const text = sorted
      ? addTo(
          runsIn(found, (uid) => fresh.has(uid)),
          naming,
        )
      : addTo(unplaced(added), naming)
    this.#uids = sorted ? found : [...this.#uids, ...added].sort((a, b) => a - b)
    this.#write(removed + text)
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
