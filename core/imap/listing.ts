import type { ImapArguments } from './arguments.ts'
import type { ImapSession } from './session.ts'

/** One line of a LIST response before it is written. */
export interface ImapListedMailbox {
  readonly name: string
  /** There is such a mailbox; else it is only a level above one, or a subscription (RFC 9051 §7.3.1). */
  readonly exists: boolean
  readonly subscribed: boolean
  readonly attributes: Set<string>
  /** Extended data items such as `CHILDINFO ("SUBSCRIBED")`; written in parentheses behind the name. */
  readonly extended: string[]
  /** Whether mailboxes below it exist. */
  readonly hasChildren: boolean
}

export interface ImapListRequest {
  readonly session: ImapSession
  /** Only those are listed; the last word of all selections. */
  keepOnly(test: (listed: ImapListedMailbox) => boolean): void
}

export type ImapListSelection = (args: ImapArguments, request: ImapListRequest) => void

export interface ImapListDecoration {
  /** Adds attributes and extended items before the line is written. */
  decorate?(listed: ImapListedMailbox, session: ImapSession): void | Promise<void>
  /** Writes responses of its own behind the line (RFC 5819). */
  after?(listed: ImapListedMailbox, session: ImapSession): void | Promise<void>
}

export type ImapListReturn = (args: ImapArguments, session: ImapSession) => ImapListDecoration
