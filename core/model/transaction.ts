import type { Address } from './address/address.ts'
import type { Route } from './delivery.ts'
import type { Session } from './session.ts'

/** The parameters of MAIL FROM that matter beyond the session. */
export interface MailParameters {
  /** SIZE (RFC 1870): octets the client announces. */
  readonly size?: number
  /** BODY (RFC 6152, RFC 3030). */
  readonly body?: '7BIT' | '8BITMIME' | 'BINARYMIME'
  /** SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8?: boolean
  /** RET (RFC 3461 §4.3). */
  readonly ret?: 'FULL' | 'HDRS'
  /** ENVID (RFC 3461 §4.4), xtext decoded. */
  readonly envelopeId?: string
  /** REQUIRETLS (RFC 8689): the message is only to be handed over to others under TLS, and only to those who promise the same. */
  readonly requireTls?: boolean
  /** AUTH= (RFC 4954 §5), xtext decoded. */
  readonly auth?: string
}

/** The parameters of RCPT TO. */
export interface RecipientParameters {
  /** NOTIFY (RFC 3461 §4.1). */
  readonly notify?: readonly ('NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY')[]
  /** ORCPT (RFC 3461 §4.2): `type;address`, xtext decoded. */
  readonly originalRecipient?: string
}

/** One recipient of a transaction. */
export interface Recipient {
  /** The forward-path as the client gave it. */
  readonly forwardPath: Address
  readonly parameters: RecipientParameters
  /** The tap that claimed it, such as `local-delivery/account`; empty before. */
  readonly claimedBy: string
  /** Where it goes, found when it was accepted: several routes after an alias. */
  readonly routes: readonly Route[]
}

/**
 * One message on its way in: made by MAIL, over at the reply to DATA, at RSET, HELO, STARTTLS or the end of the
 * connection, and never used again for the next one (RFC 5321 §3.3).
 */
export interface Transaction {
  /** The queue id: in the Received field, the logs and the history. */
  readonly id: string
  readonly session: Session
  readonly startedAt: Date
  /** Null for `<>`. */
  readonly reversePath: Address | null
  readonly parameters: MailParameters
  /** Those accepted so far. */
  readonly recipients: readonly Recipient[]
  /** Aborts when the transaction is over. */
  readonly signal: AbortSignal
}
