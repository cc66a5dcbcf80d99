import type { AccessRequest, MailboxChange } from '../hooks/retrieval.ts'
import type { Account } from '../model/account.ts'
import type { Address } from '../model/address/address.ts'
import type { Content } from '../model/content.ts'
import type {
  AccountRoute,
  Failed,
  HandlerRoute,
  Outcome,
  RemoteRoute,
  RouteQuestion,
} from '../model/delivery.ts'
import type { Message } from '../model/message.ts'
import type { Reply } from '../model/reply.ts'
import type {
  ClientEndpoint,
  Endpoint,
  Hello,
  LoginAttempt,
  Session,
  SessionRole,
  TlsFacts,
} from '../model/session.ts'
import type { MailParameters, RecipientParameters, Transaction } from '../model/transaction.ts'
import type { CramMd5Response, ScramKeys, ScramMechanism, ScramVerifier } from '../services/accounts.ts'
import type { HistoryEntry, HistoryVerb } from '../services/history.ts'
import type { RecipientAnswer } from '../services/queue.ts'
import type { TokenHints } from '../services/tokens.ts'

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
  readonly remote: ClientEndpoint
  /** The proxy that has told both ends, for the history. */
  readonly proxy?: Endpoint
  /** Of the role `local`: what it hands in the server itself tells somebody; see `session.internal`. */
  readonly internal?: boolean
  readonly tls?: TlsFacts
  /**
   * Ends the session, as soon as it is in the middle of nothing: its account is gone, may not use the protocol any more, or has
   * another password. The reason is for the client to read. A session without it goes on.
   */
  end?(reason: string): void
  /** Whoever is logged in may hold another number of octets now, say. Called once a minute, or sooner where somebody tells of a change. */
  accountChanged?(account: Account): void
}

/** One session's way. The calls answer a refusing reply, or undefined for "go on"; they never reject. */
export interface SessionFlow {
  readonly session: Session
  /** Runs `claimClient` (of SMTP and LMTP), then `checkClient`. */
  connect(): Promise<Reply | undefined>
  /** TLS has begun: what was said in clear is forgotten (RFC 3207 §4.2). */
  secured(tls: TlsFacts): void
  /** A handshake has failed: the log says why, and so does the entry of the end. */
  notSecured(reason: string): void
  /**
   * Runs `claimClient` again where TLS has begun since, then `checkHello`; an open transaction is abandoned. A refused greeting leaves the
   * one before in its place.
   */
  hello(hello: Hello): Promise<Reply | undefined>
  /** Runs `unknownCommand`. */
  unknownCommand(line: string): Promise<Reply | undefined>
  /** What can be verified beside passwords. */
  readonly loginAbilities: LoginAbilities
  /** Runs `checkLogin`, has the proof verified, runs `loggedIn` or `loginFailed`. A text is a password. */
  login(attempt: LoginAttempt, proof: LoginSecret): Promise<LoginResult>
  /** The same for SCRAM (RFC 5802), whose proof comes later: runs `checkLogin`. The rest is the answer's. */
  beginScram(attempt: LoginAttempt, mechanism: ScramMechanism): Promise<ScramStart>
  /**
   * A login that fails whatever the secret is: the log, the history and the metrics have it with the reason. No hook runs, for nothing was
   * guessed.
   */
  refuseLogin(attempt: LoginAttempt, reason: string): LoginResult
  /** Nobody is logged in any more (RFC 8437); the connection goes on. */
  loggedOut(): void
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

/** What can be verified beside passwords; by the services that there are. */
export interface LoginAbilities {
  /** Mechanisms that `beginScram` can be called for. */
  readonly scram: readonly ScramMechanism[]
  /** Whether an answer to a challenge of CRAM-MD5 can be. */
  readonly cramMd5: boolean
  /** What a client is told that has no valid token; undefined where tokens cannot be verified. */
  readonly tokens: TokenHints | undefined
}

/** A bearer token (RFC 6750) in a password's place. */
export interface BearerToken {
  readonly token: string
}

/** What shows at once who somebody is: a password, a bearer token, or an answer to a challenge of CRAM-MD5. */
export type LoginSecret = string | BearerToken | CramMd5Response

export type ScramStart =
  | { readonly ok: true; readonly login: ScramLogin }
  | { readonly ok: false; readonly reply: Reply }

/** A login by SCRAM under way. Whoever gives up on it just forgets it. */
export interface ScramLogin extends Pick<ScramVerifier, 'salt' | 'iterations' | 'keys'> {
  /** The client has proven to know one of the keys, or none. What fails here is told to `loginFailed`. */
  verify(proven: ScramKeys | undefined): Promise<ScramProven>
}

export type ScramProven =
  /** `complete` lets it in and runs `loggedIn`: once the client knows that it talks to the right server. */
  | { readonly ok: true; readonly keys: ScramKeys; complete(): Promise<LoginResult> }
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
   * Runs `prepareMessage`, `inspect`, `checkMessage` and `rewriteMessage`, and gives the message to the queue service.
   * The content already has its Received field and CRLF line ends. One answer for each recipient, in their order; for
   * every role but `lmtp` all answers are the same.
   */
  message(content: Content): Promise<readonly RecipientAnswer[]>
  /** RSET, a new HELO, the end: nothing more happens in it. */
  abandon(): void
}

/** What route leads to for one address: all final routes, or why there is none. */
export type RouteResult = (
  | { readonly ok: true; readonly routes: readonly (AccountRoute | RemoteRoute | HandlerRoute)[] }
  | { readonly ok: false; readonly reply: Reply }
) & {
  /** What expanded the address itself, such as `alias`; absent where nothing did. */
  readonly via?: string
}

/** One message for several recipients, to be tried now. */
export interface Attempt {
  /** The queue id. */
  readonly id: string
  readonly session?: string
  readonly reversePath: Address | null
  /** None where absent. */
  readonly parameters?: MailParameters
  readonly items: readonly AttemptItem[]
  /** All or none: where one item cannot be delivered, no other is, as far as the destinations can be undone. */
  readonly atomic: boolean
  /** No other attempt follows: what is deferred is given up then. */
  readonly isLast?: boolean
  /**
   * Takes durably over what sorting sends on to other hosts and handlers, before anything is filed; rejects where it cannot, and the
   * item is then deferred. Delivered at once where absent.
   */
  readonly takeOver?: (items: readonly AttemptItem[]) => Promise<void>
  readonly signal: AbortSignal
}

export interface AttemptItem {
  readonly recipient: Address
  /** None where absent. */
  readonly parameters?: RecipientParameters
  /** Where it is not the attempt's. */
  readonly reversePath?: Address | null
  readonly route: AccountRoute | RemoteRoute | HandlerRoute
  readonly message: Message
  /** Set: the message goes into Junk, whatever sorting would say. */
  readonly quarantine?: string
}

/** What a queue needs of the hooks. */
export interface DeliveryFlow {
  /** Runs `route`, and again for what it expands to; loops and floods are refused, and 451 where plugins ask each other for ever. Never rejects. */
  route(question: RouteQuestion): Promise<RouteResult>
  /** Runs `sort` and `deliver`, then `delivered`, `deferred`, `bounced`. One outcome for each item. Never rejects. */
  attempt(attempt: Attempt): Promise<readonly Outcome[]>
  /** Tells everybody that an item is given up without another attempt, such as after its time: runs `bounced`. */
  giveUp(attempt: Omit<Attempt, 'items' | 'atomic' | 'signal'>, item: AttemptItem, outcome: Failed): void
}

/** What a store tells of changes, whatever caused them. None of these waits or fails. */
export interface RetrievalFlow {
  stored(change: MailboxChange): void
  flagged(change: MailboxChange): void
  expunged(change: MailboxChange): void
}
