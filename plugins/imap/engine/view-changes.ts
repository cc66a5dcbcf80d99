import type { MessageEntry } from 'mailwright'

/** What lies between the messages that a client knows and those that are there. */
export interface ViewChanges {
  /** What the client knows afterwards. */
  readonly messages: readonly MessageEntry[]
  /** UIDs that are gone, ascending. */
  readonly vanished: readonly number[]
  /** Their sequence numbers, each as it was before all of them. */
  readonly vanishedNumbers: readonly number[]
  readonly arrived: readonly MessageEntry[]
  /** Entries whose flags or mod-sequence are others now. */
  readonly flagged: readonly MessageEntry[]
  /** How many are gone and stay for now. */
  readonly untold: number
}

const nothing: readonly never[] = []

/**
 * Compares two lists of messages, both ascending by UID. Without `expunges` those that are gone stay, so that no number
 * changes. Undefined where the lists are the same one.
 */
export function viewChanges(
  known: readonly MessageEntry[],
  there: readonly MessageEntry[],
  expunges: boolean,
): ViewChanges | undefined {
  if (known === there) return undefined
  const vanished: number[] = []
  const vanishedNumbers: number[] = []
  const arrived: MessageEntry[] = []
  const flagged: MessageEntry[] = []
  /** UIDs between those known that were not there before: no client can be told of them, for numbers only grow at the end. */
  const late = new Set<number>()
  let at = 0
  for (let index = 0; index < known.length; index += 1) {
    const before = known[index] as MessageEntry
    while (at < there.length && (there[at] as MessageEntry).uid < before.uid)
      late.add((there[at++] as MessageEntry).uid)
    const now = there[at]
    if (now === before) at += 1
    else if (now?.uid === before.uid) {
      if (!sameFlags(before, now)) flagged.push(now)
      at += 1
    } else {
      vanished.push(before.uid)
      vanishedNumbers.push(index + 1)
    }
  }
  for (; at < there.length; at += 1) arrived.push(there[at] as MessageEntry)
  const shown = late.size === 0 ? there : there.filter(({ uid }) => !late.has(uid))
  const stays = expunges || vanished.length === 0
  return {
    messages: stays ? shown : withGone(known, shown, new Set(vanished)),
    vanished: expunges ? vanished : nothing,
    vanishedNumbers: expunges ? vanishedNumbers : nothing,
    arrived,
    flagged,
    untold: stays ? 0 : vanished.length,
  }
}

function withGone(
  known: readonly MessageEntry[],
  there: readonly MessageEntry[],
  gone: ReadonlySet<number>,
): readonly MessageEntry[] {
  const left = known.filter(({ uid }) => gone.has(uid))
  return [...left, ...there].sort((one, two) => one.uid - two.uid)
}

/** Whether a client that was told of one need not be told of the other. */
function sameFlags(one: MessageEntry, two: MessageEntry): boolean {
  if (one.modSequence !== two.modSequence) return false
  return (
    one.flags === two.flags ||
    (one.flags.length === two.flags.length && one.flags.every((flag, at) => flag === two.flags[at]))
  )
}
