import type { TextFact } from '../facts/fact.ts'
import type { Content } from '../model/content.ts'
import type { MessageSummary } from '../model/summary.ts'
import type { MessageEntry } from '../services/mailbox.ts'
import type { ImapArguments, ImapSequenceSet } from './arguments.ts'
import type { ImapSelected } from './selected.ts'
import type { ImapSession } from './session.ts'

/** A message that is being fetched. */
export interface ImapMessage {
  readonly entry: MessageEntry
  readonly number: number
  readonly selected: ImapSelected
  /** There where an item needs `summary`. */
  readonly summary: MessageSummary
  /** Opened once for all items. Rejects with MAIL_E_NOT_FOUND where it was expunged. */
  content(): Promise<Content>
  /**
   * What items keep in memory until all of them are written, of one message 8 MiB in all. `take` answers whether so many
   * more octets may be kept; what may not is read again when it is written.
   */
  readonly keeps: { take(octets: number): boolean }
}

/** Reads what stands behind the item's name (`[…]<…>`) and answers what to do for each message. */
export type ImapFetchItem = (args: ImapArguments, session: ImapSession) => ImapFetchAttribute

/**
 * How an item is answered, by one of `fact`, `text` and `read`; where `text` is undefined for a message, by `read`. Each
 * begins with the item's name, but a fact, which is only what stands behind it.
 */
export interface ImapFetchAttribute {
  /** Tells it from others of the same item: `BODY[1]<0.100>`. The same one twice is fetched once. The item's name where absent. */
  readonly name?: string
  /** `text` or `read` uses the message's summary. */
  readonly needs?: 'summary'
  /** Called once the command is read that asks for it, and is none that is refused. */
  chosen?(): void
  /** Reading it sets `\\Seen`. */
  readonly setsSeen?: boolean
  /** A text that is the same whoever asks: it is made once and kept. */
  readonly fact?: TextFact
  text?(message: ImapMessage): string | undefined
  /** For what the message itself is needed for. Everything of a message is read before anything of it is written. */
  read?(message: ImapMessage): Promise<ImapFetched>
}

/** What stands in the response: octets, and then a content. */
export interface ImapFetched {
  readonly head: string
  readonly content?: Content
}

/** What a modifier of FETCH does to it. */
export interface ImapFetchRequest {
  readonly session: ImapSession
  readonly selected: ImapSelected
  readonly byUid: boolean
  readonly set: ImapSequenceSet
  /** CHANGEDSINCE: only what has changed after this mod-sequence is fetched (RFC 7162 §3.1.4.1). */
  changedSince: number | undefined
  /** Only those of the messages are fetched. */
  keepOnly(test: (entry: MessageEntry) => boolean): void
  /** Only from this to that message of the set, counted from 1, backwards where negative (RFC 9394 §3.1); before `keepOnly`. */
  window: { readonly first: number; readonly last: number } | undefined
  /** Another item is fetched too, where it is not already. */
  also(name: string): void
  /** Done before the first message is fetched. */
  before(task: () => Promise<void>): void
}

export type ImapFetchModifier = (args: ImapArguments, request: ImapFetchRequest) => void

export interface ImapStoreRequest {
  readonly session: ImapSession
  unchangedSince: number | undefined
}

export type ImapStoreModifier = (args: ImapArguments, request: ImapStoreRequest) => void
