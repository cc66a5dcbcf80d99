import type { Address } from '../model/address/address.ts'
import type { TroubleCause } from '../model/delivery.ts'
import type { Message } from '../model/message.ts'
import type { Reply } from '../model/reply.ts'
import type { MailParameters, RecipientParameters } from '../model/transaction.ts'
import { type ServiceKey, serviceKey } from './key.ts'

/** What has become of one recipient (RFC 3464 §2.3.3). */
export type RecipientAction =
  /** Given up. */
  | 'failed'
  /** Still tried. */
  | 'delayed'
  /** Into a mailbox, or to a handler that has it now. */
  | 'delivered'
  /** To a host that will not report. */
  | 'relayed'
  /** To several others, for whom the address stands; of their successes nothing is told. */
  | 'expanded'

/** One recipient's part in a report. */
export interface ReportedRecipient {
  /** The forward-path that the client gave. */
  readonly recipient: Address
  /** The address that it led to. */
  readonly finalRecipient: Address
  readonly parameters: RecipientParameters
  readonly action: RecipientAction
  /** What the last attempt brought. */
  readonly reply: Reply
  /**
   * Why it failed, or is delayed, where more is known of that than the reply says. Of what has expired: why the last attempt failed,
   * where that is known.
   */
  readonly cause?: TroubleCause
  /** The other host that has it, said so, or did not answer. */
  readonly remoteHost?: string
  /** Where that host was, such as `mx.example[192.0.2.1]:25`, where the reply is its own words. */
  readonly remotePlace?: string
  /** Milliseconds since 1970; absent where none was made. */
  readonly lastAttempt?: number
  /** Milliseconds since 1970; for `delayed`. */
  readonly willRetryUntil?: number
}

/** What has become of some recipients of one message. */
export interface StatusReport {
  /** The queue id. */
  readonly id: string
  /** Null: nobody is told but, where mail was lost, the postmaster. */
  readonly reversePath: Address | null
  readonly parameters: MailParameters
  /** Milliseconds since 1970. */
  readonly arrivedAt: number
  readonly message: Message
  /** Octets of the whole message, where `message` has only its header: that alone can go back. */
  readonly size?: number
  readonly recipients: readonly ReportedRecipient[]
}

/** A notification, to be sent from the null reverse-path, with REQUIRETLS where the message had it (RFC 8689 §5). */
export interface StatusNotification {
  readonly to: Address
  readonly message: Message
}

/** Makes the messages that tell senders what has become of theirs (RFC 3461, RFC 3464). */
export interface StatusNotifications {
  /**
   * The notifications that are due for a report; none where nobody wants to know (NOTIFY, RFC 3461 §4.1). The queue takes
   * responsibility for them together with the outcome, so that none gets lost. Does not reject for anything in the message.
   */
  compose(report: StatusReport): Promise<readonly StatusNotification[]>
}

export const statusNotifications: ServiceKey<StatusNotifications> = serviceKey(
  'statusNotifications',
  'telling senders what has become of their messages',
  ['dsn'],
)
