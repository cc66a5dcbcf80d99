import type { Account } from '../model/account.ts'
import type { LoginAttempt, Session } from '../model/session.ts'
import type { Claim } from './envelope.ts'
import type { CheckHook, ClaimHook, NotifyHook } from './kinds.ts'

/** Hooks of a connection, the same for every protocol. */
export interface ConnectionHooks {
  /**
   * Is this client one of our own, so that checks for strangers leave it alone? The reason of the claim becomes
   * `session.ownClient`. A client that has logged in is one of our own without a claim.
   *
   * - Kind: claim. When: a client of SMTP or LMTP has connected, and at EHLO where TLS has begun since. Previous: none. Next: `checkClient`, `checkHello`.
   * - No answer, or a tap that failed: it is a stranger. Standard: RFC 6409 §3.3.
   */
  readonly claimClient: ClaimHook<[session: Session], Claim>
  /**
   * May this client talk to us at all?
   *
   * - Kind: check. When: a client has connected, before the greeting. Previous: `claimClient`. Next: `checkHello`, `checkLogin`.
   * - No answer: the client is greeted. Standard: RFC 5321 §3.1, RFC 1939 §4.
   */
  readonly checkClient: CheckHook<[session: Session]>
  /**
   * May it call itself that?
   *
   * - Kind: check. When: at HELO, EHLO or LHLO; `session.hello` is set. Previous: `checkClient`. Next: `checkLogin`, `checkSender`.
   * - No answer: the greeting is answered with 250. Standard: RFC 5321 §4.1.1.1.
   */
  readonly checkHello: CheckHook<[session: Session]>
  /**
   * What is said to a command that nobody knows?
   *
   * - Kind: check. When: SMTP and LMTP, for each such line. Previous: `checkClient`. Next: any.
   * - No answer: 500 5.5.2. Standard: RFC 5321 §4.2.4.
   */
  readonly unknownCommand: CheckHook<[session: Session, line: string]>
  /**
   * May it try to log in?
   *
   * - Kind: check. When: before the accounts service verifies the secret. Previous: `checkClient`. Next: `loggedIn`, `loginFailed`.
   * - No answer: the secret is verified. Standard: RFC 4954 §4, RFC 5034.
   */
  readonly checkLogin: CheckHook<[session: Session, attempt: LoginAttempt]>
  /**
   * A login succeeded. The client's answer waits for these taps, so that what they remember is true when it goes on.
   *
   * - Kind: notify. When: after the secret was verified, before the answer. Previous: `checkLogin`. Next: `checkSender`, `checkAccess`.
   * - No answer: nothing. Standard: RFC 4954 §4.
   */
  readonly loggedIn: NotifyHook<[session: Session, account: Account]>
  /**
   * A login failed. The answer waits for these taps, which may take their time (a tarpit).
   *
   * - Kind: notify. When: the secret was wrong, or there is no such account, or it may not use this protocol. Previous: `checkLogin`. Next: `checkLogin`, `closed`.
   * - No answer: nothing. Standard: RFC 4954 §6.
   */
  readonly loginFailed: NotifyHook<[session: Session, attempt: LoginAttempt]>
  /**
   * The connection is over, whoever ended it.
   *
   * - Kind: notify. When: after the socket has closed. Previous: any. Next: none.
   * - No answer: nothing. Standard: RFC 5321 §3.8.
   */
  readonly closed: NotifyHook<[session: Session]>
}
