import type { Batch, BatchItem, Disposition, Outcome, RouteAnswer, RouteQuestion } from '../model/delivery.ts'
import type { ClaimHook, NotifyHook, RewriteHook } from './kinds.ts'

/** One item of a batch with what became of it. */
export interface DeliveryReport {
  /** The queue id. */
  readonly id: string
  readonly item: BatchItem
  readonly outcome: Outcome
}

/** Hooks of delivery: the queue service runs them, now or later, once or often. */
export interface DeliveryHooks {
  /**
   * Where does mail for this address go? An expansion is asked again for each of its addresses.
   *
   * - Kind: claim. When: a recipient is accepted, and again when a queued message is tried. Previous: `claimRecipient`. Next: `sort`, `deliver`.
   * - No answer: 550 5.7.1. Standard: RFC 5321 §3.9 (aliases), §5.1 (hosts).
   */
  readonly route: ClaimHook<[question: RouteQuestion], RouteAnswer>
  /**
   * What does the account's owner want done with it? Recipes and Sieve live here. Only the actions may change: an answer with another
   * route, reverse-path or message is a fault. A flag to file with is one of RFC 9051 §2.3.2 but `\Recent`, in any case, or a keyword:
   * 1 to 255 printable characters of US-ASCII, without spaces and `( ) { ] % * " \`. What is neither is left out, and the log says so.
   *
   * - Kind: rewrite. When: before delivery into an account. Previous: `route`. Next: `deliver`.
   * - No answer: file into INBOX. Standard: RFC 5228 §2.10.2 for the default.
   */
  readonly sort: RewriteHook<Disposition, []>
  /**
   * Deliver these, all of one kind of route and of one handler, and say what became of each item. A tap that takes the kind answers one
   * outcome per item, in their order, and only says `delivered` for what is durable. An outcome without a valid kind, text or reply defers its
   * item alone; any other detail that is not valid is left out. The log says so (`hook-failed`).
   *
   * - Kind: claim. When: after sorting. Previous: `sort`. Next: `delivered`, `deferred`, `bounced`.
   * - No answer: every item is deferred with 451 4.3.5, and the log says so. Standard: RFC 5321 §4.4 (final delivery).
   */
  readonly deliver: ClaimHook<[batch: Batch], readonly Outcome[]>
  /**
   * An item was delivered.
   *
   * - Kind: notify. When: it is durable, not awaited. Previous: `deliver`. Next: `messageStored` where it went into a mailbox.
   * - No answer: nothing. Standard: RFC 3461 §6.
   */
  readonly delivered: NotifyHook<[report: DeliveryReport]>
  /**
   * An item could not be delivered now.
   *
   * - Kind: notify. When: after the attempt, not awaited. Previous: `deliver`. Next: `route` at the next attempt.
   * - No answer: nothing. Standard: RFC 5321 §4.5.4.1.
   */
  readonly deferred: NotifyHook<[report: DeliveryReport]>
  /**
   * An item cannot be delivered at all; its sender is told, by the reply or by a bounce.
   *
   * - Kind: notify. When: after the last attempt, not awaited. Previous: `deliver`. Next: none.
   * - No answer: nothing. Standard: RFC 5321 §6.1, RFC 3464.
   */
  readonly bounced: NotifyHook<[report: DeliveryReport]>
}
