import type { Address } from '../model/address.ts'
import type { Message } from '../model/message.ts'
import type { Reply } from '../model/reply.ts'
import type { Transaction } from '../model/transaction.ts'
import { type ServiceKey, serviceKey } from './key.ts'

export interface QueueAbilities {
  /** Takes responsibility for what cannot be delivered at once, and keeps trying. */
  readonly retries: boolean
  /** `list`, `hold`, `release`, `flush`, `remove` have something to work on. */
  readonly manageable: boolean
}

/** One message for recipients who all get the same variant of it. */
export interface Variant {
  readonly recipients: Transaction['recipients']
  readonly message: Message
  /** Where edits have changed it. */
  readonly reversePath?: Address | null
  /** For routes to other hosts, where edits have changed it for those. */
  readonly remoteReversePath?: Address | null
  /** Why it shall be kept apart. A queue that can hold holds it; another files it into Junk. */
  readonly quarantine?: string
}

/** What the flow hands over after DATA. */
export interface Submission {
  readonly transaction: Transaction
  /** One for all, or several where edits differ between recipients. */
  readonly variants: readonly Variant[]
  /** SMTP has one answer for all recipients: take all or none. LMTP answers each. */
  readonly atomic: boolean
}

/** The answer for one recipient: 250 means that it is durable. */
export interface RecipientAnswer {
  readonly recipient: Address
  readonly reply: Reply
}

/** A queued message. */
export interface QueueItem {
  readonly id: string
  readonly reversePath: Address | null
  readonly arrivedAt: Date
  readonly size: number
  readonly state: 'waiting' | 'active' | 'held'
  readonly nextAttempt: Date | undefined
  readonly recipients: readonly { readonly address: Address; readonly lastReply: Reply | undefined }[]
}

/**
 * Takes responsibility for messages. The promise: what was answered with 250 is delivered, or its sender is told;
 * a crash may deliver twice, then with the same queue id.
 */
export interface Queue {
  readonly supports: QueueAbilities
  /**
   * Resolves when every recipient's fate is durable or refused; never answers 250 for what is only in memory. Does not
   * reject: what fails inside is a 451.
   */
  accept(submission: Submission): Promise<readonly RecipientAnswer[]>
  /** What waits, oldest first. */
  list(limit?: number): Promise<readonly QueueItem[]>
  show(id: string): Promise<QueueItem | undefined>
  /** Tries now: one message, or all. MAIL_E_NOT_FOUND. */
  flush(id?: string): Promise<void>
  hold(id: string): Promise<void>
  release(id: string): Promise<void>
  /** Removes without telling the sender. */
  remove(id: string): Promise<void>
}

export const queue: ServiceKey<Queue> = serviceKey('queue', 'responsibility for accepted messages', [
  'queue',
  'memory',
])
