import { join } from 'node:path'
import type { Appended, AppendMessage } from 'mailwright'
import { type Arrival, admit, finishArrivalsSoon, removeArrivals } from '../delivery/arrival.ts'
import { nameInTmp, writeToTmp } from '../delivery/written-message.ts'
import { inGroups } from '../files/groups.ts'
import { keptFlags } from '../index/flags.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'

/** Puts messages into a mailbox, all or none, with their flags and dates; answers their UIDs. */
export async function appendMessages(
  state: MailboxState,
  messages: readonly AppendMessage[],
  origin: string | undefined,
): Promise<Appended> {
  return bringIn(state, messages, (arrivals) => admitAll(state, arrivals, origin))
}

/** Writes messages, and puts them in while the mailbox is held. `put` leaves nothing of them behind where it fails. */
export async function bringIn<T>(
  state: MailboxState,
  messages: readonly AppendMessage[],
  put: (arrivals: readonly Arrival[]) => Promise<T>,
): Promise<T> {
  const arrivals = await writeAll(state, messages)
  // While the mailbox is waited for.
  const named = state.context.directories.sync(join(state.place.path, 'tmp'))
  named.catch(() => undefined)
  let isHeld = false
  try {
    return await state.exclusively(async () => {
      isHeld = true
      await whenNamed(state, arrivals, named)
      return put(arrivals)
    })
  } catch (error) {
    // Whatever fails while the mailbox is held leaves nothing behind itself.
    if (!isHeld) await removeArrivals(state, arrivals)
    throw error
  }
}

async function whenNamed(
  state: MailboxState,
  arrivals: readonly Arrival[],
  named: Promise<void>,
): Promise<void> {
  if (arrivals.length === 0) return
  try {
    await named
  } catch (error) {
    await removeArrivals(state, arrivals)
    throw error
  }
}

async function admitAll(
  state: MailboxState,
  arrivals: readonly Arrival[],
  origin: string | undefined,
): Promise<Appended> {
  const { context, uidValidity } = state
  if (arrivals.length === 0) return { uidValidity, uids: [] }
  const uids = await admit(state, arrivals)
  await finishArrivalsSoon(state, arrivals)
  context.announce.stored(state.change({ cause: 'append', uids, ...(origin !== undefined && { origin }) }))
  return { uidValidity, uids }
}

/** Writes messages several at a time, all or none. They are named in their order, and answered in it. */
async function writeAll(
  state: MailboxState,
  messages: readonly AppendMessage[],
): Promise<readonly Arrival[]> {
  const written = new Map<number, Arrival>()
  try {
    await inGroups([...messages.entries()], async ([place, message]) => {
      written.set(place, await write(state, message))
    })
  } catch (error) {
    await removeArrivals(state, [...written.values()])
    throw error
  }
  return [...written].sort(([a], [b]) => a - b).map(([, arrival]) => arrival)
}

async function write(state: MailboxState, message: AppendMessage): Promise<Arrival> {
  const { context, place } = state
  const kept = keptFlags(message.flags ?? [])
  const written = await writeToTmp(context, place.path, message)
  try {
    await nameInTmp(context, place.path, written)
  } catch (error) {
    await context.files.unlink(written.temporary).catch(() => undefined)
    throw error
  }
  const { base, size } = written
  const internalDate = (message.internalDate ?? new Date(context.clock.now())).getTime()
  return { base, ...kept, rest: '', size, internalDate, uid: message.uid, uidl: message.uidl }
}
