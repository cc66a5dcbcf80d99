import { join } from 'node:path'
import type { Transfer } from 'mailwright'
import { isMissing } from 'mailwright/disk'
import { firstFailure } from '../batches/file-batches.ts'
import {
  type Arrival,
  admit,
  finishArrivals,
  finishArrivalsSoon,
  removeArrivals,
} from '../delivery/arrival.ts'
import { pathOf } from '../files/scan.ts'
import type { IndexRecord } from '../index/index-record.ts'
import { longestInLog } from '../log/times.ts'
import type { Chosen } from '../mailbox/mailbox-snapshot.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import { finishPending } from '../mailbox/pending.ts'
import { removeRecords } from './expunge.ts'
import { chosenRecords } from './flag-change.ts'
import { type Copy, Links } from './links.ts'

/** Messages that went from one mailbox to another. */
export interface Transferred {
  readonly transfer: Transfer
  /** UIDs that are gone from the first. */
  readonly removed: readonly number[]
}

/**
 * Copies messages into another mailbox, all or none: they are linked into its `tmp`, then one write of its index makes
 * them part of it. Messages that are gone are left out.
 */
export async function copyMessages(
  source: MailboxState,
  target: MailboxState,
  chosen: Chosen,
): Promise<Transferred> {
  // Outside of the target's turn, which may be the source's own.
  const records = chosenRecords(source, chosen)
  return target.exclusively(async () => {
    const copies = await bringAll(source, target, records, false)
    if (copies.length === 0) return nothing(target)
    const given = await admit(target, copies)
    await finishArrivalsSoon(target, copies)
    takeAlongLater(source, target, copies, given)
    tellOfArrival(source, target, given, 'copy')
    return { transfer: transferOf(target, copies, given), removed: [] }
  })
}

/**
 * Moves messages, all or none; both mailboxes are held meanwhile, so that no message goes to two places. The originals
 * are only removed when the copies are whole, in place and durable: a crash may leave both.
 */
export function moveMessages(
  source: MailboxState,
  target: MailboxState,
  chosen: Chosen,
): Promise<Transferred> {
  return holdingBoth(source, target, async () => {
    const copies = await bringAll(source, target, chosenRecords(source, chosen), true)
    if (copies.length === 0) return nothing(target)
    const given = await admit(target, copies)
    let removed: readonly number[]
    try {
      await finishArrivals(target, copies)
      removed = await removeRecords(
        source,
        copies.map(({ source: { entry } }) => entry.uid),
      )
    } catch (error) {
      await takeBack(target, copies, given)
      throw error
    }
    takeAlongLater(source, target, copies, given)
    tellOfArrival(source, target, given, 'move')
    if (removed.length > 0)
      source.context.announce.expunged(source.change({ cause: 'move', uids: removed, to: target.place.name }))
    return { transfer: transferOf(target, copies, given), removed }
  })
}

/**
 * In the order of their paths, so that two moves in opposite directions do not wait for each other. For both together nobody waits
 * longer than for one.
 */
async function holdingBoth<T>(
  source: MailboxState,
  target: MailboxState,
  task: () => Promise<T>,
): Promise<T> {
  if (source === target) return source.exclusively(task)
  const [first, second] = source.place.path < target.place.path ? [source, target] : [target, source]
  const since = source.context.clock.monotonic()
  // A lock that stands still in the one must not keep everybody from the other.
  await second.unlocked(since)
  return first.exclusively(() => second.exclusively(task, since), since)
}

function nothing({ uidValidity }: MailboxState): Transferred {
  return { transfer: { uidValidity, uids: [] }, removed: [] }
}

function transferOf(
  { uidValidity }: MailboxState,
  copies: readonly Copy[],
  given: readonly number[],
): Transfer {
  return { uidValidity, uids: copies.map(({ source }, at) => [source.entry.uid, given[at] ?? 0] as const) }
}

/** Links all messages into the target's `tmp`, durably, or none. */
async function bringAll(
  source: MailboxState,
  target: MailboxState,
  records: readonly IndexRecord[],
  keepNames: boolean,
): Promise<readonly Copy[]> {
  const links = new Links(source, target)
  try {
    await makeSourcesDurable(source, records)
    await links.make(records, keepNames)
    if (links.copies.length > 0) await target.context.directories.sync(join(target.place.path, 'tmp'))
    return links.copies.toSorted((a, b) => a.source.entry.uid - b.source.entry.uid)
  } catch (error) {
    await removeArrivals(target, links.copies)
    throw error
  }
}

/** A link has its original's octets, which may be durable only by the log: this process's, or another one's. */
async function makeSourcesDurable(source: MailboxState, records: readonly IndexRecord[]): Promise<void> {
  const { context, place } = source
  const { batches, clock, deliveries } = context
  if (deliveries === undefined) return
  await deliveries.settle(
    place.path,
    records.map(({ base }) => base),
  )
  const since = clock.now() - longestInLog
  const recent = records.filter(({ entry }) => entry.savedDate.getTime() > since)
  if (recent.length === 0 || !(await deliveries.othersWrite())) return
  const outcomes = await batches.sync(recent.map((record) => pathOf(place.path, source.located(record))))
  // Those that were renamed meanwhile are seldom.
  const failure = firstFailure(outcomes.filter((outcome) => !isMissing(outcome)))
  if (failure !== undefined) throw failure
}

/** Undoes an arrival. Where that fails too there are two of the message, never none. */
export async function takeBack(
  target: MailboxState,
  arrivals: readonly Pick<Arrival, 'base'>[],
  given: readonly number[],
): Promise<void> {
  const { context, place, table } = target
  try {
    const leaving = arrivals.map(({ base }) => base)
    await target.write({ modSequence: table.modSequence + 1, removed: given, leaving })
    await removeArrivals(target, arrivals)
    await target.writeLater(await finishPending(context, place.path, target.table))
  } catch (error) {
    const problem = 'what was to take the place of others may be there beside them'
    context.log.warn('unavailable', { mailbox: place.path, problem, error })
  }
}

/**
 * What lists and searches need goes along, as far as it is known: right afterwards, before anybody else has a turn in the
 * mailbox, but nobody waits for it.
 */
function takeAlongLater(
  source: MailboxState,
  target: MailboxState,
  copies: readonly Copy[],
  given: readonly number[],
): void {
  const origins = copies.map((copy, at) => ({ from: copy.source, to: given[at] ?? 0 }))
  const taken = target.exclusively(async () => {
    await target.summaries.takeOver(source.summaries, origins)
    if (source.signatures !== undefined) await target.signatures?.takeOver(source.signatures, origins)
  })
  taken.catch((error: unknown) => {
    const facts = { mailbox: target.place.path, problem: 'what lists need is made anew', error }
    target.context.log.debug('unavailable', facts)
  })
}

function tellOfArrival(
  source: MailboxState,
  target: MailboxState,
  uids: readonly number[],
  cause: 'copy' | 'move',
): void {
  target.context.announce.stored(target.change({ cause, uids, from: source.place.name }))
}
