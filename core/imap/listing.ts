import type { MailboxInfo } from '../services/store.ts'
import type { ImapArguments } from './arguments.ts'
import type { ImapSession } from './session.ts'

/** One line of a LIST response before it is written. */
export interface ImapListedMailbox {
  readonly name: string
  /** What the store says of it. Without it there is no such mailbox: it is a level above one, or a subscription (RFC 9051 §7.3.1). */
  readonly info: MailboxInfo | undefined
  readonly subscribed: boolean
  readonly attributes: Set<string>
  /** Extended data items such as `"CHILDINFO" ("SUBSCRIBED")`; written in parentheses behind the name. */
  readonly extended: string[]
  /** Whether mailboxes below it exist. */
  readonly hasChildren: boolean
  /** Whether it is what the selection options ask for; otherwise it is listed for what is below it (RFC 5258 §3.5). */
  readonly isSelected: boolean
}

export interface ImapListRequest {
  readonly session: ImapSession
  /** Only those are listed that pass the tests of all options. What is tested is not decorated yet. */
  keepOnly(test: (listed: ImapListedMailbox) => boolean): void
  /** This return option, which reads nothing, is given too where it is not already (RFC 5258 §9.3). */
  alsoReturn(name: string): void
}

export type ImapListSelection = (args: ImapArguments, request: ImapListRequest) => void

/** What a return option does. Both are called for several mailboxes at a time; what they answer is written in order. */
export interface ImapListDecoration {
  /** Adds attributes and extended items before the line is written. */
  decorate?(listed: ImapListedMailbox, session: ImapSession): void | Promise<void>
  /** A response of its own that is written behind the line (RFC 5819), without `* ` and CRLF; undefined for none. */
  after?(listed: ImapListedMailbox, session: ImapSession): string | undefined | Promise<string | undefined>
}

export type ImapListReturn = (args: ImapArguments, session: ImapSession) => ImapListDecoration
