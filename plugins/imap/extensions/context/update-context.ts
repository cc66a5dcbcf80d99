import type { ImapSearchResult, ImapSelected, ImapUpdate } from 'mailwright/imap'
import { ConnectionLost } from 'mailwright/network'
import { numbersOf } from '../../search/result.ts'
import type { FetchedItems } from '../fetch/fetched-items.ts'
import { arrivalsIn } from './arrivals.ts'
import { addTo, type Naming, removeFrom, runsIn, unplaced } from './changed-results.ts'

/** What is done beside telling of changes. */
export interface UpdateWishes {
  /** What is fetched of new messages that are found. */
  readonly items: FetchedItems | undefined
  /** Called where the result can no longer be followed. */
  fail(context: UpdateContext): void
}

interface Difference {
  /** What tells of results that are no more. */
  readonly removed: string
  readonly added: readonly number[]
  /** The result from then on. */
  readonly uids: readonly number[]
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
  /** What is to be told of the update at hand. */
  #news = ''

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
      fetching: (update) => guarded(() => this.#look(update)),
      told: () => guarded(() => this.#tell()),
    })
  }

  /** It tells of UIDs, not of message numbers. */
  get byUid(): boolean {
    return this.#result.byUid
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
    const { sorted, byUid } = this.#result
    const { removed, added, uids } = sorted ? await this.#lookAtAll() : await this.#lookAt(changed)
    this.#news = removed
    if (added.length === 0) return
    const fresh = new Set(added)
    // RFC 5465 §7: only of those that are new in the mailbox.
    if (this.#items !== undefined) {
      const found = arrived.filter(({ uid }) => fresh.has(uid))
      arrivalsIn(this.#selected).want(found, this.#items, byUid)
    }
    const runs = sorted ? runsIn(uids, (uid) => fresh.has(uid)) : unplaced(added)
    this.#uids = uids
    this.#news += addTo(runs, this.#naming)
  }

  /** RFC 5465 §7: what is fetched comes before the results. */
  async #tell(): Promise<void> {
    const news = this.#news
    this.#news = ''
    await arrivalsIn(this.#selected).tell(this.#result.session)
    this.#write(news)
  }

  /** In mailbox order the others stay as they are. */
  async #lookAt(changed: readonly number[]): Promise<Difference> {
    const found = new Set(await this.#result.again(changed))
    const added = changed.filter((uid) => found.has(uid) && !isAmong(this.#uids, uid))
    const lost = new Set(changed.filter((uid) => !found.has(uid)))
    const removed = lost.size === 0 ? '' : this.#remove((uid) => lost.has(uid))
    if (added.length === 0) return { removed, added, uids: this.#uids }
    return { removed, added, uids: [...this.#uids, ...added].sort((a, b) => a - b) }
  }

  async #lookAtAll(): Promise<Difference> {
    const uids = await this.#result.again()
    const there = new Set(uids)
    const before = new Set(this.#uids)
    const removed = this.#remove((uid) => !there.has(uid))
    return { removed, added: uids.filter((uid) => !before.has(uid)), uids }
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

/** `uids` ascend. */
function isAmong(uids: readonly number[], uid: number): boolean {
  let low = 0
  let high = uids.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((uids[middle] ?? 0) < uid) low = middle + 1
    else high = middle
  }
  return uids[low] === uid
}
