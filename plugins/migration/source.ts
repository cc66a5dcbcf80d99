import type { Content, SpecialUse } from 'mailwright'

/** Where mail is imported from. It is only read. */
export interface MailSource {
  /** Its one spelling, which names the state of an import: `imap://someone@mail.example.org:993`. */
  readonly name: string
  /** What was met and is not imported, one line each, so far. */
  readonly skipped: readonly SkippedPart[]
  /** All mailboxes, in the order in which they should be made: INBOX first, parents before children. */
  mailboxes(): Promise<readonly SourceMailbox[]>
  /** Names by their levels that are subscribed to. */
  subscriptions(): Promise<readonly (readonly string[])[]>
  open(mailbox: SourceMailbox): Promise<OpenedSource>
  close(): Promise<void>
}

export interface SkippedPart {
  readonly what: string
  readonly why: string
}

export interface SourceMailbox {
  /** What the source itself calls it; unique. */
  readonly key: string
  /** Its name, level by level. */
  readonly levels: readonly string[]
  readonly specialUse?: SpecialUse
  /** Messages in it, for the progress; absent where that is not known yet. */
  readonly messages?: number
  /** Octets in it, for the progress, where the messages are not known. */
  readonly octets?: number
}

/** A mailbox that is being read. */
export interface OpenedSource {
  /** As long as this is the same, the keys of the messages mean the same. */
  readonly identity: string
  /** Every message, in the order in which they should be stored. */
  entries(): AsyncIterable<SourceEntry>
  /** Reads some of the messages, in their order. Those that are gone are left out. */
  load(entries: readonly SourceEntry[]): Promise<LoadedMessages>
  close(): Promise<void>
}

/** A message of a source, not read yet. */
export interface SourceEntry {
  /** Names it in its mailbox. */
  readonly key: string
  /** What it is called in messages to people. */
  readonly label: string
  /** The UID that clients of the source know. */
  readonly uid?: number
  readonly flags: readonly string[]
  readonly internalDate?: Date
  /** Octets, as far as the source knows. */
  readonly size: number
}

export interface LoadedMessage {
  readonly entry: SourceEntry
  /** With CRLF line ends. */
  readonly content: Content
}

/** Messages that were read. Whoever asked for them disposes of them. */
export interface LoadedMessages {
  readonly messages: readonly LoadedMessage[]
  readonly failed: readonly FailedMessage[]
  dispose(): Promise<void>
}

/** A message that could not be read or stored. */
export interface FailedMessage {
  readonly entry: SourceEntry
  readonly problem: string
}
