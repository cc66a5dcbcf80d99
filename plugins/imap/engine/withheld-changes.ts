import type { MessageEntry } from 'mailwright'
import type { ViewChanges } from './view-changes.ts'

/** What the client has done itself: it is told of that whatever it wants to be told of. */
export interface OwnMessages {
  /** UIDs that it has removed and was not told of yet. */
  readonly removed: ReadonlySet<number>
  /** The highest UID that it has put in; what came before it has to be shown with it, for numbers ascend by UID. */
  readonly lastArrived: number
}

export const nothingOwn: OwnMessages = { removed: new Set(), lastArrived: 0 }

/** The messages that a client is shown which wants to be told of none that come or go. */
export interface FrozenMessages {
  readonly shown: readonly MessageEntry[]
  /** Others have put some in or removed some, of which the client is not told. */
  readonly isBehind: boolean
}

/** The same messages by the same numbers, with the flags that they have now; only what the client does itself changes them. */
export function frozenMessages(
  known: readonly MessageEntry[],
  there: readonly MessageEntry[],
  { removed, lastArrived }: OwnMessages,
): FrozenMessages {
  if (known === there) return { shown: known, isBehind: false }
  const shown: MessageEntry[] = []
  let isBehind = false
  let at = 0
  for (const before of known) {
    while (at < there.length && (there[at] as MessageEntry).uid < before.uid) at += 1
    const now = there[at]
    if (now?.uid === before.uid) {
      shown.push(now)
      at += 1
    } else if (!removed.has(before.uid)) {
      shown.push(before)
      isBehind = true
    }
  }
  for (; at < there.length && (there[at] as MessageEntry).uid <= lastArrived; at += 1)
    shown.push(there[at] as MessageEntry)
  return { shown, isBehind: isBehind || at < there.length }
}

/** Messages with flags of which the client was not told, since it does not want to hear of changes by others. */
export class WithheldFlags {
  /** Mod-sequences by UID. */
  readonly #untold = new Map<number, number>()

  get areNone(): boolean {
    return this.#untold.size === 0
  }

  withhold(entries: readonly MessageEntry[]): void {
    for (const { uid, modSequence } of entries) this.#untold.set(uid, modSequence)
  }

  /** The client has asked for the flags of these; answers those of which it was not told before. */
  answered(entries: readonly MessageEntry[]): readonly MessageEntry[] {
    if (this.areNone) return []
    const news = entries.filter(
      ({ uid, modSequence }) => modSequence >= (this.#untold.get(uid) ?? Number.POSITIVE_INFINITY),
    )
    for (const { uid } of news) this.#untold.delete(uid)
    return news
  }

  forget(vanished: readonly number[]): void {
    for (const uid of vanished) this.#untold.delete(uid)
  }

  /** The client wants to hear of flags again: changes with those that were withheld, in `messages` as they are now. */
  release(messages: readonly MessageEntry[], changes: ViewChanges | undefined): ViewChanges | undefined {
    if (this.areNone) return changes
    const untold = new Set(this.#untold.keys())
    this.#untold.clear()
    for (const { uid } of changes?.flagged ?? []) untold.add(uid)
    const now = changes?.messages ?? messages
    const gone = new Set(changes?.vanished)
    const arrived = new Set(changes?.arrived.map(({ uid }) => uid))
    const flagged = now.filter(({ uid }) => untold.has(uid) && !gone.has(uid) && !arrived.has(uid))
    const none = { vanished: [], vanishedNumbers: [], arrived: [], untold: 0 }
    return { ...none, ...changes, messages: now, flagged }
  }
}
