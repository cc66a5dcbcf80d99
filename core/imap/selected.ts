import type { MailboxFacts } from '../facts/message-facts.ts'
import type { UidRange } from '../model/search.ts'
import type { Mailbox, MessageEntry } from '../services/mailbox.ts'
import type { ImapSequenceSet } from './arguments.ts'

/** The mailbox that a session has selected, as its client knows it. */
export interface ImapSelected {
  readonly name: string
  readonly mailbox: Mailbox
  readonly isReadOnly: boolean
  /** What is known of its messages. */
  readonly facts: MailboxFacts
  /** The message with sequence number n is at n-1. Changes only by `update` and `told`. */
  readonly messages: readonly MessageEntry[]
  /**
   * UIDs, ascending, of the messages that are `\Recent` in this session, while it has not enabled IMAP4rev2, which knows
   * no such flag (RFC 3501 §2.3.2, RFC 9051 Appendix E). They stay it until the mailbox is left.
   */
  readonly recent: readonly UidRange[]
  /** How many of `messages` they are. */
  readonly recentCount: number
  isRecent(uid: number): boolean
  /** The sequence number; 0 where the client was not shown it. */
  numberOf(uid: number): number
  /**
   * The messages of a set, ascending. UIDs that are not there are passed over; numbers that are not there are a mistake of
   * the client's: BAD (RFC 9051 §9, seq-number).
   */
  resolve(set: ImapSequenceSet, byUid: boolean): readonly MessageEntry[]
  /** The result that `$` means (RFC 5182); UIDs, ascending. */
  saved: readonly number[]
  /** The mod-sequence up to which the client was told of everything, whatever it knows of its own changes (RFC 7162 §6). */
  readonly settledModSequence: number
  /** Flags and keywords that the client knows of (RFC 9051 §7.3.5). */
  flagNames(): readonly string[]
  /** Flags that the client may change for good; with `\\*` where it may make keywords (RFC 9051 §7.1). */
  permanentFlags(): Promise<readonly string[]>
  /** Tells of keywords that the client does not know of, before it sees them. */
  introduce(entries: readonly MessageEntry[]): Promise<void>
  /** The client has been told of these new flags. */
  told(entries: readonly MessageEntry[]): void
  /** The client has asked for the flags of these, and is told them. */
  answered(entries: readonly MessageEntry[]): void
  /** The client has removed these, and not by `mailbox`: it is told so, whatever it wants to hear of others. */
  removed(uids: readonly number[]): void
  /**
   * The command tells mod-sequences, `highest` at most where others have told of it: behind it the client is told up to
   * where it knows of everything, if that is less.
   */
  toldModSequences(highest?: number): void
  /**
   * Takes over the flags that others have changed where the client is not told of them: what it asks for is answered as it
   * is now.
   */
  readAfresh(): Promise<void>
  /**
   * Tells of everything that has changed, by EXPUNGE or VANISHED, EXISTS, FETCH. `expunges` false keeps numbers. `look`
   * false asks the store only where it has told of a change. `pushed`: no command is answered that has told something itself.
   */
  update(options: {
    readonly expunges: boolean
    readonly look: boolean
    readonly pushed?: boolean
  }): Promise<void>
  /**
   * Refreshes `mailbox`, which `update` tells of. Where it is gone, or its UIDs mean other messages by now, the session is
   * to end, and this rejects with what the client is told.
   */
  requireThere(): Promise<void>
  /** The same where the store has refused something, by that: nothing is refreshed, which might wait as long once more. */
  requireSame(failure: unknown): Promise<void>
  /**
   * Called when something may have changed, by whatever program (`watch` of the store); a task for `whenQuiet` then calls
   * `update`. Answers the call that ends it.
   */
  onChange(listener: () => void): () => void
  /** Called with each update that the client is told of. Answers the call that ends it. */
  onUpdate(listener: ImapUpdateListener): () => void
}

/** What a client is told of the selected mailbox without having asked. */
export interface ImapNews {
  /**
   * Of messages that come and go. What the client removes or puts in itself it is told of all the same, with what came
   * before it. Without others' the messages and their numbers stay as they are.
   */
  readonly messages: boolean
  /** Of flags that others change. Whoever asks for them is answered what they are now. */
  readonly flags: boolean
}

/** All are awaited, and may write responses of their own. */
export interface ImapUpdateListener {
  /** Before anything of it is told: `messages` and all numbers are still the old ones. */
  telling?(update: ImapUpdate): void | Promise<void>
  /** Right behind EXISTS: FETCH responses about what has arrived, before others speak of it (RFC 5465 §5.2). */
  fetching?(update: ImapUpdate): void | Promise<void>
  /** When all of it is told. */
  told?(update: ImapUpdate): void | Promise<void>
}

export interface ImapUpdate {
  readonly vanished: readonly number[]
  readonly arrived: readonly MessageEntry[]
  readonly flagged: readonly MessageEntry[]
}
