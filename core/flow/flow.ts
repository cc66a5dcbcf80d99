import type { AccessRequest, MailboxChange } from '../hooks/retrieval.ts'
import type { Account } from '../model/account.ts'
import type { Address } from '../model/address.ts'
import type { Content } from '../model/content.ts'
import type { AccountRoute, HandlerRoute, Outcome, RemoteRoute, RouteQuestion } from '../model/delivery.ts'
import type { Message } from '../model/message.ts'
import type { Reply } from '../model/reply.ts'
import type { Endpoint, Hello, LoginAttempt, Session, SessionRole, TlsFacts } from '../model/session.ts'
import type { MailParameters, RecipientParameters, Transaction } from '../model/transaction.ts'
import type { HistoryEntry, HistoryVerb } from '../services/history.ts'
import type { RecipientAnswer } from '../services/queue.ts'

/**
 * The way of a session and a message through the hooks, in the one order that the documents describe. Protocol
 * plugins speak their protocol and call this; they never run hooks themselves, so that every protocol asks the same
 * questions, and each answer gets into the history.
 */
export interface Flow {
  /** Starts a session; `close` ends it. */
  openSession(options: SessionOptions): SessionFlow
  readonly delivery: DeliveryFlow
  readonly retrieval: RetrievalFlow
}

export interface SessionOptions {
  readonly role: SessionRole
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly tls?: TlsFacts
}

/** One session's way. The calls answer a refusing reply, or undefined for "go on"; they never reject. */
export interface SessionFlow {
  readonly session: Session
  /** Runs `checkClient`. */
  connect(): Promise<Reply | undefined>
  /** TLS has begun: what was said in clear is forgotten (RFC 3207 §4.2). */
  secured(tls: TlsFacts): void
  /** Runs `checkHello`. */
  hello(hello: Hello): Promise<Reply | undefined>
  /** Runs `checkLogin`, has the accounts service verify the secret, runs `loggedIn` or `loginFailed`. */
  login(attempt: LoginAttempt, secret: string): Promise<LoginResult>
  /** Runs `checkSender`. At most one transaction is open: a new one abandons the one before. */
  mail(reversePath: Address | null, parameters?: MailParameters): Promise<MailResult>
  /** Runs `checkAccess`, and `mailboxOpened` where nobody refuses. */
  access(request: Omit<AccessRequest, 'session'>): Promise<Reply | undefined>
  /** Adds a fact to the history. */
  record(verb: HistoryVerb, entry?: Partial<Omit<HistoryEntry, 'at' | 'verb' | 'session'>>): void
  /** The connection is over: aborts the session's signal, runs `closed`. Only the first call counts. */
  close(reason?: string): void
}

export type LoginResult =
  | { readonly ok: true; readonly account: Account }
  /** 535 for every wrong login, 454 where it could not be checked, or a tap's reply. */
  | { readonly ok: false; readonly reply: Reply }

export type MailResult =
  | { readonly ok: true; readonly transaction: TransactionFlow }
  | { readonly ok: false; readonly reply: Reply }

/** One transaction's way. */
export interface TransactionFlow {
  readonly transaction: Transaction
  /** Runs `checkRecipient`, `claimRecipient` and `route`. Answers 250 2.1.5 or a refusal. */
  recipient(forwardPath: Address, parameters?: RecipientParameters): Promise<Reply>
  /**
   * Runs `inspect`, `checkMessage` and `rewriteMessage`, and gives the message to the queue service. The content
   * already has its Received field and CRLF line ends. One answer for each recipient, in their order; for every role
   * but `lmtp` all answers are the same.
   */
  message(content: Content): Promise<readonly RecipientAnswer[]>
  /** RSET, a new HELO, the end: nothing more happens in it. */
  abandon(): void
}

/** What route leads to for one address: all final routes, or why there is none. */
export type RouteResult =
  | { readonly ok: true; readonly routes: readonly (AccountRoute | RemoteRoute | HandlerRoute)[] }
  | { readonly ok: false; readonly reply: Reply }

/** One message for several recipients, to be tried now. */
export interface Attempt {
  /** The queue id. */
  readonly id: string
  readonly session?: string
  readonly reversePath: Address | null
  readonly items: readonly AttemptItem[]
  /** All or none: where one item cannot be delivered, no other is, as far as the destinations can be undone. */
  readonly atomic: boolean
  readonly signal: AbortSignal
}

export interface AttemptItem {
  readonly recipient: Address
  readonly route: AccountRoute | RemoteRoute | HandlerRoute
  readonly message: Message
  /** Set: the message goes into Junk, whatever sorting would say. */
  readonly quarantine?: string
}

/** What a queue needs of the hooks. */
export interface DeliveryFlow {
  /** Runs `route`, and again for what it expands to; loops and floods are refused. Never rejects. */
  route(question: RouteQuestion): Promise<RouteResult>
  /** Runs `sort` and `deliver`, then `delivered`, `deferred`, `bounced`. One outcome for each item. Never rejects. */
  attempt(attempt: Attempt): Promise<readonly Outcome[]>
}

/** What a store tells of changes, whatever caused them. None of these waits or fails. */
export interface RetrievalFlow {
  stored(change: MailboxChange): void
  flagged(change: MailboxChange): void
  expunged(change: MailboxChange): void
}
