import type { Clock } from '../clock.ts'
import type { MessageFacts } from '../facts/message-facts.ts'
import type { SessionFlow } from '../flow/flow.ts'
import type { Log } from '../log.ts'
import type { SpoolWriter } from '../message/spool.ts'
import type { Account } from '../model/account.ts'
import type { Content } from '../model/content.ts'
import type { ChannelBinding } from '../sasl/channel-binding.ts'
import type { Mailbox } from '../services/mailbox.ts'
import type { AccountStore, MailboxStatus, Store } from '../services/store.ts'
import type { ImapForm } from '../summary/imap-string.ts'
import type { ImapExtension, ImapResult, ImapState, ImapVocabulary } from './extension.ts'
import type { ImapNews, ImapSelected } from './selected.ts'

/** Where responses are written. What is written stands in a buffer until `ready` or the end of the command. */
export interface ImapOutput {
  /** Octets as they are; no line end is added. */
  write(octets: string): void
  /** `* ` text CRLF. */
  untagged(text: string): void
  /** A large piece, such as a body. */
  octets(octets: Buffer): void
  /** A part of a content, read piece by piece as the client takes it. Rejects as the content does. */
  content(content: Content, start: number, end: number): Promise<void>
  /** More is buffered than should be: await `ready`. */
  readonly isFull: boolean
  /** Resolves when the client has taken most of it. Long work also calls it, so that others get their turn. */
  ready(): Promise<void>
  /** Sends what is written so far, where it must not wait for the end of the command. Resolves as `ready`. */
  flush(): Promise<void>
  /** An octet string as astring, or as string; quoted where that is possible. */
  astring(octets: string): string
  string(octets: string): string
  nstring(octets: string | undefined): string
  /** A mailbox's name for this client: UTF-8 or modified UTF-7 (RFC 3501 §5.1.3). */
  mailbox(name: string): string
  /** Text as an octet string of UTF-8. */
  utf8(text: string): string
}

/** What all sessions of a listener share. */
export interface ImapServer {
  readonly hostname: string
  readonly clock: Clock
  readonly log: Log
  readonly limits: ImapLimits
  /** Receives octets that may be many. */
  receive(): SpoolWriter
  /** All modules, in their order. */
  readonly extensions: readonly ImapExtension[]
  /** Everything that is registered, by vocabulary. */
  readonly vocabulary: ImapVocabulary
  readonly store: Store
  /** What is known of messages, for all sessions. */
  readonly facts: MessageFacts
  readonly recent: ImapRecentMessages
}

/** Which messages no session was told of yet: `\Recent` (RFC 3501 §2.3.2). `account` is its id. */
export interface ImapRecentMessages {
  /** The UID of the first of them, or one that is higher than all of the mailbox's. */
  firstOf(account: string, mailbox: Pick<Mailbox, 'id' | 'uidValidity' | 'entries'>): number
  /** How many they are. `open` opens the mailbox; it is called only where the messages have to be seen. */
  count(account: string, status: MailboxStatus, open: () => Promise<Mailbox>): Promise<number>
}

export interface ImapLimits {
  /** Octets of a message that APPEND takes. */
  readonly messageSize: number
  /** Octets of a command without the literals that are messages. */
  readonly commandSize: number
  /** Messages that one command works on (RFC 9738); 0 for no limit. */
  readonly messagesPerCommand: number
  /** Messages that one COPY or APPEND takes, where there is no limit for all commands. */
  readonly messagesPerSave: number
  /** Clients that have not enabled UTF-8 may bring headers with 8-bit octets. */
  readonly rawHeaders: boolean
  /** Failed logins of a session. */
  readonly loginFailures: number
}

/** One client's session. Modules remember things of it in a WeakMap with the session as key. */
export interface ImapSession {
  readonly server: ImapServer
  readonly flow: SessionFlow
  readonly state: ImapState
  /** The mailboxes of who has logged in. Fails where nobody has. */
  readonly mail: AccountStore
  readonly account: Account
  /** What was switched on with ENABLE or by using it, in capitals: `IMAP4REV2`, `CONDSTORE`, `QRESYNC`, `UTF8=ACCEPT`, `UIDONLY`. */
  readonly enabled: Set<string>
  readonly selected: ImapSelected | undefined
  /** All of it where the client has not said otherwise (RFC 5465 §3.1). */
  news: ImapNews
  readonly out: ImapOutput
  /** The client was told in UTF-8 (RFC 9051 §5.1, RFC 6855 §3) and may send it. */
  readonly utf8: boolean
  /** What may stand in texts for this client. */
  readonly form: ImapForm
  /** All capability names of this moment. */
  capabilities(): readonly string[]
  /**
   * Opens a mailbox after closing the one before; it is not yet `selected` where this rejects. Runs `checkAccess`. It is
   * read-only with `examine`, or where the account can change nothing in it (RFC 4314 §5.2).
   */
  select(name: string, examine: boolean): Promise<ImapSelected>
  unselect(): Promise<void>
  /**
   * The selected mailbox has this name now, by a command of this session, and stays selected; or is not any more, where
   * its UIDs are others now or it cannot be opened.
   */
  renamed(name: string): Promise<void>
  /** Runs `checkAccess`; throws the refusal. */
  access(mailbox: string, action: 'read' | 'write' | 'delete'): Promise<void>
  /**
   * Runs tasks one after the other and never while a command is answered, but for one that waits in `readLine`: IDLE. What
   * they write is sent at once. Sequence numbers may change only in such a task or where a command allows it.
   */
  whenQuiet(task: () => Promise<void>): void
  readonly transport: ImapTransport
  /** Somebody has been verified: the session is his. Fails with a result where he has too many sessions. */
  loggedIn(account: Account): Promise<ImapResult | undefined>
  /** Nobody is logged in any more; nothing is selected or enabled (RFC 8437). */
  loggedOut(): Promise<void>
  /** The connection is closed once the command is answered. `reason` is for the record. */
  end(reason: string): void
}

/** What the session is carried by. */
export interface ImapTransport {
  /** TLS is possible here and not yet there. */
  readonly canSecure: boolean
  readonly isSecure: boolean
  readonly isCompressed: boolean
  /** Passwords may be given as things are (RFC 9051 §6.2.3). */
  readonly allowsPlaintext: boolean
  /** What a login can be tied to under TLS. */
  readonly channelBinding: ChannelBinding | undefined
  /** Octets that the client has sent ahead. */
  readonly unread: number
  /** Goes on under TLS. Rejects where there is none, or the handshake fails. */
  secure(): Promise<void>
  /** Waits so many milliseconds, but not for a client that has gone. */
  delay(milliseconds: number): Promise<void>
  /** Sends what is written, and goes on compressed (RFC 4978). */
  compress(): Promise<void>
  /** Sends what is written, and goes on without compression (RFC 8437 §4.1). */
  decompress(): Promise<void>
}
