import type { Edit, MessageEdit } from '../model/edit.ts'
import type { Finding } from '../model/finding.ts'
import type { Message } from '../model/message.ts'
import type { Transaction } from '../model/transaction.ts'
import type { CheckHook, InspectHook, NotifyHook, RewriteHook } from './kinds.ts'

/** Hooks of the message itself. */
export interface DataHooks {
  /**
   * What has to be changed in it before anybody looks at it? A tap answers the list of edits with its own added. They change
   * fields and the body only, for all recipients alike. All later hooks and the queue get the changed message.
   *
   * - Kind: rewrite. When: the whole message is here. Previous: `claimRecipient`. Next: `inspect`.
   * - No answer: it stays as it came. Standard: RFC 6409 §8 for submission.
   */
  readonly prepareMessage: RewriteHook<readonly MessageEdit[], [transaction: Transaction, message: Message]>
  /**
   * What is in this message? Filters look here, side by side, and none decides.
   *
   * - Kind: inspect. When: the message is prepared. Previous: `prepareMessage`. Next: `checkMessage`.
   * - No answer: no findings. A failure is the finding `<plugin>/failed` with score 0. Standard: none.
   */
  readonly inspect: InspectHook<[transaction: Transaction, message: Message], Finding>
  /**
   * May this message come in, with all that was found?
   *
   * - Kind: check. When: after all inspections. Previous: `inspect`. Next: `rewriteMessage`.
   * - No answer: it may. Standard: RFC 5321 §4.1.1.4.
   */
  readonly checkMessage: CheckHook<[transaction: Transaction, message: Message, findings: readonly Finding[]]>
  /**
   * What should be changed in it? A tap answers the list of edits with its own added. The edits are applied together,
   * or not at all.
   *
   * - Kind: rewrite. When: the message may come in. Previous: `checkMessage`. Next: `accepted`.
   * - No answer: nothing changes. Standard: RFC 6409 §8 for submission.
   */
  readonly rewriteMessage: RewriteHook<
    readonly Edit[],
    [transaction: Transaction, message: Message, findings: readonly Finding[]]
  >
  /**
   * The queue service has taken responsibility: 250 is being sent.
   *
   * - Kind: notify. When: after the message is durable, not awaited. Previous: `rewriteMessage`. Next: `route`, `closed`.
   * - No answer: nothing. Standard: RFC 5321 §6.1.
   */
  readonly accepted: NotifyHook<[transaction: Transaction, message: Message]>
}
