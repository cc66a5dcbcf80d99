import type { Appended, AppendMessage } from 'mailwright'
import { type Arrival, admit, finishArrivals, removeArrivals } from '../delivery/arrival.ts'
import type { Chosen } from '../mailbox/mailbox-snapshot.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import { noSums, type QuotaSums } from '../quota/maildirsize.ts'
import { countMessages } from '../quota/usage.ts'
import { bringIn } from './append.ts'
import { removeRecords } from './expunge.ts'
import { chosenRecords } from './flag-change.ts'
import { takeBack } from './transfer.ts'

/** A message that took the place of another. */
export interface Replacement {
  /** Undefined where the other one was gone already: then nothing was put in. */
  readonly appended: Appended | undefined
  /** What the other one counted. */
  readonly sums: QuotaSums
}

const tooLate: Replacement = { appended: undefined, sums: noSums }

/**
 * Puts a message in place of the chosen one. The mailbox is held from the question whether that is there until it is gone:
 * who comes too late shows nobody anything.
 */
export function replaceMessage(
  state: MailboxState,
  chosen: Chosen,
  message: AppendMessage,
  origin: string | undefined,
): Promise<Replacement> {
  return bringIn(state, [message], async (arrivals) => {
    const sums = await sumsOfChosen(state, chosen, arrivals)
    if (sums === undefined) return tooLate
    const uids = await admit(state, arrivals)
    if (!(await removeChosen(state, chosen, arrivals, uids))) return tooLate
    const { announce } = state.context
    announce.stored(state.change({ cause: 'append', uids, ...(origin !== undefined && { origin }) }))
    announce.expunged(state.change({ cause: 'expunge', uids: chosen.uids }))
    return { appended: { uidValidity: state.uidValidity, uids }, sums }
  })
}

/** Undefined where it is not there. Then, and where that fails, nothing is left of what has come. */
async function sumsOfChosen(
  state: MailboxState,
  chosen: Chosen,
  arrivals: readonly Arrival[],
): Promise<QuotaSums | undefined> {
  let sums: QuotaSums | undefined
  try {
    if (chosenRecords(state, chosen).length > 0) sums = await countMessages(state, chosen.uids)
    return sums
  } finally {
    if (sums === undefined) await removeArrivals(state, arrivals)
  }
}

/** Whether it was there to be removed; where not, or where that fails, what has come goes again. */
async function removeChosen(
  state: MailboxState,
  { uids }: Chosen,
  arrivals: readonly Arrival[],
  given: readonly number[],
): Promise<boolean> {
  let isRemoved = false
  try {
    await finishArrivals(state, arrivals)
    isRemoved = (await removeRecords(state, uids)).length > 0
    return isRemoved
  } finally {
    if (!isRemoved) await takeBack(state, arrivals, given)
  }
}
