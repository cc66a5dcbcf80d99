import type { Recipient, Transaction } from '../model/transaction.ts'
import type { CheckHook, ClaimHook } from './kinds.ts'

/** Who takes a recipient, and on what ground. */
export interface Claim {
  /** For the history: `local account`, `relay for an authenticated user`. */
  readonly reason: string
}

/** A recipient that has been named but not yet accepted. */
export type Candidate = Pick<Recipient, 'forwardPath' | 'parameters'>

/** Hooks of an SMTP or LMTP envelope. */
export interface EnvelopeHooks {
  /**
   * May this sender send?
   *
   * - Kind: check. When: at MAIL FROM; `transaction.reversePath` is null for `<>`. Previous: `checkHello`. Next: `checkRecipient`.
   * - No answer: 250. Standard: RFC 5321 §4.1.1.2.
   */
  readonly checkSender: CheckHook<[transaction: Transaction]>
  /**
   * May mail from this sender come in for this recipient? Asked for every recipient, claimed or not, before the claim,
   * so that one plugin's yes never hides another's no.
   *
   * - Kind: check. When: at RCPT TO. Previous: `checkSender`. Next: `claimRecipient`.
   * - No answer: go on to the claim. Standard: RFC 5321 §4.1.1.3.
   */
  readonly checkRecipient: CheckHook<[transaction: Transaction, recipient: Candidate]>
  /**
   * Who takes responsibility for this recipient: an account here, a relay rule?
   *
   * - Kind: claim. When: at RCPT TO, after `checkRecipient`. Previous: `checkRecipient`. Next: `route`.
   * - No answer: 550 5.7.1, so that a server without a rule is never an open relay. Standard: RFC 5321 §3.6.2.
   */
  readonly claimRecipient: ClaimHook<[transaction: Transaction, recipient: Candidate], Claim>
}
