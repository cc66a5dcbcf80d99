import type { MessageEntry } from 'mailwright'
import type { ImapSelected, ImapSession } from 'mailwright/imap'
import { ownArrivals } from '../../engine/own-changes.ts'
import { FetchedItems } from '../fetch/fetched-items.ts'
import { fetchMessages } from '../fetch/run.ts'

/** What somebody wants to know of messages that have arrived. */
interface Wish {
  readonly items: FetchedItems
  /** The UID is told, asked for or not. */
  readonly byUid: boolean
  readonly uids: ReadonlySet<number>
}

/** Messages that follow each other, with those who want to know the same of them. */
interface Run {
  readonly wishes: readonly Wish[]
  readonly entries: MessageEntry[]
}

/**
 * What NOTIFY and searches want to know of messages that have arrived in the selected mailbox: one FETCH response of each
 * message tells all of it (RFC 5465 §5.2).
 */
class Arrivals {
  readonly #selected: ImapSelected
  #wishes: Wish[] = []
  #entries = new Map<number, MessageEntry>()

  constructor(selected: ImapSelected) {
    this.#selected = selected
  }

  want(arrived: readonly MessageEntry[], items: FetchedItems, byUid: boolean): void {
    // Of what the client stores itself with the command at hand nothing is fetched (RFC 5465 §5.2).
    const own = ownArrivals(this.#selected)
    const entries = arrived.filter(({ uid }) => !own.has(uid))
    if (entries.length === 0) return
    this.#wishes.push({ items, byUid, uids: new Set(entries.map(({ uid }) => uid)) })
    for (const entry of entries) this.#entries.set(entry.uid, entry)
  }

  /** Writes what is wanted; only the first call does. Rejects as the mailbox does. */
  async tell(session: ImapSession): Promise<void> {
    const [wishes, entries] = [this.#wishes, this.#entries]
    this.#wishes = []
    this.#entries = new Map()
    // RFC 7162 §3.2.4: with both where the client knows of mod-sequences.
    const isAware = session.enabled.has('CONDSTORE')
    for (const run of runsOf(wishes, entries)) {
      const items = union(session, run.wishes)
      if (isAware) items.also('MODSEQ')
      const byUid = isAware || run.wishes.some((wish) => wish.byUid)
      await fetchMessages({ session, selected: this.#selected, byUid, items }, run.entries)
    }
  }
}

function runsOf(wishes: readonly Wish[], entries: ReadonlyMap<number, MessageEntry>): readonly Run[] {
  const runs: Run[] = []
  for (const entry of [...entries.values()].sort((one, other) => one.uid - other.uid)) {
    const wanted = wishes.filter(({ uids }) => uids.has(entry.uid))
    const last = runs.at(-1)
    if (last !== undefined && areSame(last.wishes, wanted)) last.entries.push(entry)
    else runs.push({ wishes: wanted, entries: [entry] })
  }
  return runs
}

function areSame(some: readonly Wish[], others: readonly Wish[]): boolean {
  return some.length === others.length && some.every((wish, index) => wish === others[index])
}

function union(session: ImapSession, wishes: readonly Wish[]): FetchedItems {
  const all = new FetchedItems(session)
  for (const { items } of wishes)
    for (const [name, attribute] of items.attributes) all.attributes.set(name, attribute)
  return all
}

const known = new WeakMap<ImapSelected, Arrivals>()

/** What is wanted of arrivals in a selected mailbox. */
export function arrivalsIn(selected: ImapSelected): Arrivals {
  const arrivals = known.get(selected) ?? new Arrivals(selected)
  known.set(selected, arrivals)
  return arrivals
}
