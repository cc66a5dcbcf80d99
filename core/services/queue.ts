import type { Address } from '../model/address/address.ts'
import type { TroubleCause } from '../model/delivery.ts'
import type { Message } from '../model/message.ts'
import type { Reply } from '../model/reply.ts'
import type { Transaction } from '../model/transaction.ts'
import { type ServiceKey, serviceKey } from './key.ts'

export interface QueueAbilities {
  /** Takes responsibility for what cannot be delivered at once, and keeps trying. */
  readonly retries: boolean
  /** There is something for `list`, `hold`, `release`, `flush`, `remove` and the like to work on. */
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
  /**
   * SMTP has one answer for all recipients: take all or none. LMTP answers each (RFC 2033 §4.2), and whoever speaks it keeps what
   * cannot be delivered now.
   */
  readonly atomic: boolean
}

/** The answer for one recipient: 250 means that it is durable. */
export interface RecipientAnswer {
  readonly recipient: Address
  readonly reply: Reply
}

/**
 * `waiting`: for its next attempt; `active`: being tried; `held`: for the postmaster; `reporting`: only the sender's notification is left.
 */
export type QueueState = 'waiting' | 'active' | 'held' | 'reporting'

/** A queued message. */
export interface QueueItem {
  readonly id: string
  /** Where it stands in the list: what `list` is told to go on after it, also when it is gone. Its form is the queue's own. */
  readonly place: string
  readonly reversePath: Address | null
  readonly arrivedAt: Date
  /** When its sender is told that it could not be delivered. */
  readonly expiresAt: Date
  /** Octets. */
  readonly size: number
  readonly state: QueueState
  /** Why it is held. */
  readonly reason?: string
  /** The earliest of its recipients'; the latest time at which its sender is told, where that is all. */
  readonly nextAttempt: Date | undefined
  /** Those who have not got it yet; a part of them where there are very many. */
  readonly recipients: readonly QueuedRecipient[]
  /** All that wait, also those that `recipients` leaves out. */
  readonly recipientCount: number
}

/** One recipient who waits for a message. */
export interface QueuedRecipient {
  readonly address: Address
  /** Where an alias has led it, where that is another address. */
  readonly target?: Address
  /** What is delivered together, such as a domain or the name of a handler. */
  readonly destination: string
  readonly attempts: number
  /** Not before its destination is tried again, where that is left alone for a while. */
  readonly nextAttempt: Date | undefined
  /** It waits for the postmaster, whether or not others of the message do. */
  readonly held?: boolean
  /** It is held, and the attempt that had begun before may not be over. */
  readonly stillTried?: boolean
  /** What the last attempt brought; where none was made, why its destination is left alone. */
  readonly lastReply: Reply | undefined
  /** What that means, where it could be told. */
  readonly lastCause?: TroubleCause
  /** The host that said so, where it was another one. */
  readonly lastHost?: string
  /** Rate-limited: it waits for its slot at the destination, and does not expire meanwhile. */
  readonly waitsForTurn?: boolean
}

/** Which messages. All conditions have to hold; without any it is the whole queue. */
export interface QueueSelection {
  readonly id?: string
  /** The reverse-path, `<>` for the null one; or the domain of one, as `@example.org`. */
  readonly sender?: string
  /** A recipient who waits, or where an alias has led it; or a domain as `@example.org`. */
  readonly recipient?: string
  readonly destination?: string
  /** Nobody waits for a message that is `reporting`: such are listed, and nothing else is done with them. */
  readonly state?: QueueState
  /** Arrived then or later. */
  readonly arrivedSince?: Date
  readonly arrivedBefore?: Date
}

/** Recipients who wait, by how long ago their message arrived. */
export interface QueueCount {
  readonly recipients: number
  /** Those of them who wait for a postmaster. */
  readonly held: number
  /** Recipients by age: up to 5, 10, 20, 40, 80, 160, 320, 640, 1,280 minutes, and more. */
  readonly ages: readonly number[]
  /** Milliseconds since 1970 of the oldest's arrival. */
  readonly oldest: number
}

/** What waits for one destination; `held` where the queue knows it. */
export interface QueueDestination extends Omit<QueueCount, 'held'>, Partial<Pick<QueueCount, 'held'>> {
  readonly destination: string
  /** Nothing is tried before, since the destination did not answer, or since it is not its turn. */
  readonly pausedUntil: Date | undefined
  /** Why, where that is known. */
  readonly pausedFor?: Reply
  /** What that means, where it could be told. */
  readonly pausedCause?: TroubleCause
}

/** Everything that waits; `oldest` where anything does. */
export interface QueueTotal extends Omit<QueueCount, 'oldest'> {
  readonly oldest: number | undefined
  readonly destinations: number
  /** Destinations that are left alone for a while, since they did not answer, or since it is not the turn of what waits for them. */
  readonly paused: number
}

/** What waits, counted while the queue goes on: what comes or goes meanwhile may be counted or not. */
export interface QueueStatistics {
  readonly total: QueueTotal
  /** Those that most waits for, and of them the first by the most. */
  readonly destinations: readonly QueueDestination[]
}

/**
 * What recipients who wait may have in common: the destination, the domain of their message's sender or the whole address, their own
 * domain, or why the last attempt failed.
 */
export type QueueGrouping = 'destination' | 'sender' | 'sender-address' | 'recipient' | 'cause'

/** Recipients who wait, and have something in common. */
export interface QueueGroup extends QueueCount {
  /**
   * In the form that a selection has: a destination, an address, a domain as `@example.org`, `<>`. Or a `TroubleCause`, `other` where none is
   * known, `untried` where there was no attempt. `unknown` where the message is lost.
   */
  readonly name: string
}

/** How what waits is spread, counted as `QueueStatistics` are. */
export interface QueueDistribution {
  readonly total: Pick<QueueTotal, keyof QueueCount>
  /** How many groups there are; of a great many at the most. */
  readonly found: number
  /** The largest ones, and of them the first the largest. */
  readonly groups: readonly QueueGroup[]
}

/** Upper limits of the classes of `QueueCount.ages`, in minutes; the last class has none. */
export const queueAgeLimits: readonly number[] = [5, 10, 20, 40, 80, 160, 320, 640, 1_280]

/** What a postmaster can do with what waits. The calls answer how many messages it was; MAIL_E_NOT_FOUND for an id that is not there. */
export interface QueueManagement {
  /**
   * A page of what waits, oldest first: 1,000 at most, and fewer only where there are no more. The next page comes `after` the `place`
   * of this one's last. Holds nobody up, however much waits. MAIL_E_INVALID for what is no place.
   */
  list(selection?: QueueSelection, limit?: number, after?: string): Promise<readonly QueueItem[]>
  /** With up to 1,000 recipients. */
  show(id: string): Promise<QueueItem | undefined>
  /** The message as it would be sent. MAIL_E_NOT_FOUND. */
  message(id: string): Promise<Message>
  /** With up to 1,000 destinations where there is no limit. Goes through all that waits, and holds nobody up meanwhile. */
  statistics(limit?: number): Promise<QueueStatistics>
  /**
   * What is selected, by what it has in common: 1,000 groups where there is no limit. It takes as long as `statistics` where no index
   * tells what is selected. Absent where a queue cannot tell.
   */
  distribution?(by: QueueGrouping, selection?: QueueSelection, limit?: number): Promise<QueueDistribution>
  /** Tries now. What was paused because a destination did not answer is tried, too. */
  flush(selection?: QueueSelection): Promise<number>
  /** Asks again where it goes, as for a new message, and tries now. */
  requeue(selection?: QueueSelection): Promise<number>
  /** Lets it wait for `release`. It does not get older meanwhile. */
  hold(selection: QueueSelection, reason?: string): Promise<number>
  release(selection: QueueSelection): Promise<number>
  /** Removes without telling the sender. */
  remove(selection: QueueSelection): Promise<number>
  /**
   * Gives up, and tells the senders: of what is being tried at the moment after that attempt, where it has not arrived. Calls back with
   * the ids of messages with recipients of whom nobody can tell anything, since what is kept of them is damaged: those are held. A message
   * is counted where it has others. Also with those of messages that cannot be read now: their senders are told when that is over, or
   * without their content after a while.
   */
  bounce(
    selection: QueueSelection,
    untold?: (id: string, reason: 'damaged' | 'unread') => void,
  ): Promise<number>
  /**
   * Puts another address in the place of a recipient, or of one address that an alias has led it to. MAIL_E_NOT_FOUND; MAIL_E_INVALID where
   * nothing leads there, or where the recipient stands for several addresses; MAIL_E_IN_USE while the recipient is being tried, since both
   * would get the message.
   */
  redirect(id: string, from: Address, to: Address): Promise<void>
}

/**
 * Takes responsibility for messages. The promise: what was answered with 250 is delivered, or its sender is told;
 * a crash may deliver twice, then with the same queue id.
 */
export interface Queue extends QueueManagement {
  readonly supports: QueueAbilities
  /**
   * Resolves when every recipient's fate is durable or refused; never answers 250 for what is only in memory. Does not
   * reject: what fails inside is a 451.
   */
  accept(submission: Submission): Promise<readonly RecipientAnswer[]>
}

export const queue: ServiceKey<Queue> = serviceKey('queue', 'responsibility for accepted messages', [
  'queue',
  'memory',
])
