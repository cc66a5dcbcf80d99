import { errorCode } from 'mailwright'
import type { ImapSelected, ImapSession } from 'mailwright/imap'

/** What a session has done itself. */
export interface OwnChange {
  /** A mailbox that is no more of that name, with those below it. */
  readonly gone?: string
  /** One that is new, or has that name now, with those below it. */
  readonly come?: string
  readonly subscribed?: string
  readonly unsubscribed?: string
  readonly stored?: StoredMessages
  readonly annotated?: AnnotatedMailbox
}

/** Messages that were put into a mailbox; UIDs ascend. */
export interface StoredMessages {
  readonly mailbox: string
  readonly uids: readonly number[]
}

/** Annotations that were set or removed. */
export interface AnnotatedMailbox {
  /** Empty for the server. */
  readonly mailbox: string
  /** Names, as they are kept. */
  readonly entries: readonly string[]
}

type Listener = (change: OwnChange) => Promise<void>

const listeners = new WeakMap<ImapSession, Listener>()
const stored = new WeakMap<ImapSelected, ReadonlySet<number>>()

/** UIDs of what the client has put into its selected mailbox with the command at hand. */
export function ownArrivals(selected: ImapSelected): ReadonlySet<number> {
  return stored.get(selected) ?? new Set()
}

/** The highest UID of those; 0 where there is none. */
export function lastOwnArrival(selected: ImapSelected): number {
  return [...ownArrivals(selected)].at(-1) ?? 0
}

/** Has a session's own changes told to one listener, in place of the one before; to none where it is undefined. */
export function onOwnChange(session: ImapSession, listener: Listener | undefined): void {
  if (listener === undefined) listeners.delete(session)
  else listeners.set(session, listener)
}

/**
 * Says what a session has done, so that its client is not told of it (RFC 5465 §5). What the store fails with is no failure
 * of the command: then the client is told.
 */
export async function noteOwnChange(session: ImapSession, change: OwnChange): Promise<void> {
  const { selected } = session
  if (change.stored !== undefined && selected?.name === change.stored.mailbox)
    stored.set(selected, new Set(change.stored.uids))
  try {
    await listeners.get(session)?.(change)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
  }
}
