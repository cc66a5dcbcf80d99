import { join } from 'node:path'
import { highestUid, MailwrightError, UnavailableError } from 'mailwright'
import { formatMaildirFileName } from 'mailwright/formats'
import { type Addition, type GivenId, isTime } from '../index/index-change.ts'
import { emailIdOf } from '../index/index-record.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import { moveArriving } from '../mailbox/pending.ts'

/** A message that lies in a mailbox's `tmp`, durably, under its base name. */
export interface Arrival {
  readonly base: string
  readonly letters: string
  /** What some programs put behind the letters. */
  readonly rest: string
  readonly keywords: readonly string[]
  /** Octets with CRLF line ends. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly internalDate: number
  /** The UID that it should have, where that is still free. */
  readonly uid?: number | undefined
  /** What POP3 clients know it by. */
  readonly uidl?: string | undefined
  /** Of a copy: that of the original (RFC 8474 §5.1). */
  readonly emailId?: string
}

/**
 * Makes messages part of a mailbox, all or none, by one write of its index; that their files are then moved into `cur` is
 * only a matter of time. Only within `exclusively`. Answers their UIDs; where it fails nothing is left of them.
 */
export async function admit(target: MailboxState, arrivals: readonly Arrival[]): Promise<readonly number[]> {
  const { table, context } = target
  const savedDate = context.clock.now()
  let uid = table.uidNext - 1
  const added = arrivals.map((arrival): Addition => {
    uid = wantedUid(arrival.uid, uid + 1)
    const { base, letters, rest, size, internalDate, keywords } = arrival
    const location = `cur/${formatMaildirFileName({ base, letters, rest }).slice(base.length)}`
    const spelled = keywords.map((keyword) => table.spell(keyword))
    const facts = [uid, base, location, size, internalDate, savedDate, spelled] as const
    return arrival.uidl === undefined ? facts : [...facts, arrival.uidl]
  })
  try {
    if (!arrivals.every(({ internalDate }) => isTime(internalDate)))
      throw new MailwrightError('MAIL_E_INVALID', 'a message has a date that is none')
    if (uid >= highestUid) throw new UnavailableError('the mailbox has no UIDs left')
    const arriving = arrivals.map((arrival) => formatMaildirFileName(arrival))
    const emailIds = arrivals.flatMap(({ base, emailId }, at): GivenId[] =>
      emailId === undefined || emailId === emailIdOf(base) ? [] : [[added[at]?.[0] ?? 0, emailId]],
    )
    const given = emailIds.length === 0 ? {} : { emailIds }
    await target.write({ modSequence: table.modSequence + 1, uidNext: uid + 1, added, ...given, arriving })
  } catch (error) {
    await removeArrivals(target, arrivals)
    throw error
  }
  return added.map(([given]) => given)
}

/** What is no UID, or was used before, is not wanted. */
function wantedUid(wanted: number | undefined, next: number): number {
  return wanted !== undefined && Number.isInteger(wanted) && wanted > next && wanted < highestUid
    ? wanted
    : next
}

/**
 * Moves what was admitted into place. Where that fails it is done by whoever looks at the mailbox next, as after a power
 * cut: the index says that they have come.
 */
export async function finishArrivals(target: MailboxState, arrivals: readonly Arrival[]): Promise<void> {
  const names = arrivals.map((arrival) => formatMaildirFileName(arrival))
  await moveArriving(target.context, target.place.path, names)
  await target.arrived(names)
}

/** The same for a caller who need not know whether it is done yet. */
export async function finishArrivalsSoon(target: MailboxState, arrivals: readonly Arrival[]): Promise<void> {
  try {
    await finishArrivals(target, arrivals)
  } catch (error) {
    const facts = { mailbox: target.place.path, problem: 'messages are put in place later', error }
    target.context.log.warn('unavailable', facts)
  }
}

export async function removeArrivals(
  target: MailboxState,
  arrivals: readonly Pick<Arrival, 'base'>[],
): Promise<void> {
  const { batches } = target.context
  await batches
    .unlink(arrivals.map(({ base }) => join(target.place.path, 'tmp', base)))
    .catch(() => undefined)
}
