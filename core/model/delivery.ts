import type { Account } from './account.ts'
import type { Address } from './address/address.ts'
import type { Message } from './message.ts'
import type { Reply } from './reply.ts'
import type { MailParameters, RecipientParameters } from './transaction.ts'

/** Where a recipient's mail goes. */
export type Route = AccountRoute | RemoteRoute | HandlerRoute

/** Into the mailboxes of an account here. */
export interface AccountRoute {
  readonly kind: 'account'
  readonly account: Account
  /** The address that led to the account, after aliases; it may hold a `+detail`. */
  readonly address: Address
  /** The `+detail` of the address (RFC 5233), where the accounts service separates one. */
  readonly detail?: string
}

/** To another host. */
export interface RemoteRoute {
  readonly kind: 'remote'
  readonly address: Address
  /** The next hop where it is not the MX of the address's domain: a host, or `host:port`. */
  readonly nextHop?: string
}

/** To a plugin that does something of its own: a list, an autoresponder, a program. */
export interface HandlerRoute {
  readonly kind: 'handler'
  readonly address: Address
  /** The name that the delivering plugin knows. */
  readonly handler: string
}

/** An answer to `route`: a destination, or other addresses in its place (aliases). */
export type RouteAnswer = Route | Expansion

export interface Expansion {
  readonly kind: 'expansion'
  readonly addresses: readonly Address[]
  /**
   * What expanded it, for the history: `alias` where somebody has given that very address other ones, `srs` where it is one of
   * our own making. Whatever else it says (`catch-all`, `pattern`) stands for many addresses.
   */
  readonly via: string
}

/** What `route` is asked. */
export interface RouteQuestion {
  readonly address: Address
  /** The forward-path that the client gave, before any expansion. */
  readonly original: Address
  /** The postmaster has looked at the message and released it: a route that would only hold it is none. */
  readonly released?: boolean
}

/** What sorting may do with one message for one account. Several actions make several copies. */
export type SortAction =
  | Filing
  /** Sends it on, with the message's reverse-path where none is given. */
  | { readonly kind: 'forward'; readonly address: Address; readonly reversePath?: Address | null }
  | { readonly kind: 'reply'; readonly message: Message }

/** Puts a copy into a mailbox of the account. */
export interface Filing {
  readonly kind: 'file'
  readonly mailbox: string
  /**
   * System flags in any case, without `\Recent`, and keywords as `isKeyword` knows them. Others are left out, and the log says so; so are
   * all where the store keeps none.
   */
  readonly flags?: readonly string[]
  /** Makes the mailbox where it does not exist. */
  readonly create?: boolean
}

/**
 * One message for one account on its way into mailboxes. It starts as "file into INBOX"; no action at all discards the
 * message, and the history says who did.
 */
export interface Disposition {
  readonly route: AccountRoute
  readonly reversePath: Address | null
  readonly message: Message
  readonly actions: readonly SortAction[]
}

/** One message for one or more destinations of one kind, and of one handler, to be delivered together. */
export interface Batch {
  /** The queue id. */
  readonly id: string
  /** What MAIL said of the message, for those who send it on. */
  readonly parameters: MailParameters
  readonly kind: Route['kind']
  readonly items: readonly BatchItem[]
  /** Deliver all items or none, as far as that can be had: nothing that is undone may have been visible. */
  readonly atomic: boolean
  /** What is not delivered now is given up: it is not put off for what others have found out. */
  readonly isLast?: boolean
  /** Aborts where the delivery is given up, and a moment later nobody hears any more what has come of it. */
  readonly signal: AbortSignal
}

export interface BatchItem {
  /** The forward-path that the client gave. */
  readonly recipient: Address
  readonly parameters: RecipientParameters
  /** The reverse-path that it goes on with, null for `<>`; edits may have changed it for this item. */
  readonly reversePath: Address | null
  readonly route: Route
  /** This recipient's variant of the message: the body is shared, the trace fields may differ. */
  readonly message: Message
  /** For routes into accounts: the mailboxes that sorting decided on. */
  readonly filings: readonly Filing[]
}

/** What became of one item of a batch, in the order of the items. */
export type Outcome = Delivered | Deferred | Failed

export interface Delivered {
  readonly kind: 'delivered'
  readonly text: string
  /**
   * Who reports if the sender wants to know (RFC 3461 §5.2): we, since it has arrived, since the next host does not (`relayed`) or since
   * it goes on to several in the recipient's place (`expanded`); or whoever has it now (`passed-on`). `arrived` where absent.
   */
  readonly reached?: 'arrived' | 'relayed' | 'expanded' | 'passed-on'
  /** The other host that has it now, as it calls itself. */
  readonly host?: string
  /** What that host said, and where it was, as of those who do not take it. */
  readonly reply?: Reply
  readonly place?: string
}

export interface Deferred extends Trouble {
  readonly kind: 'deferred'
  readonly reply: Reply
  /** Milliseconds after which another attempt makes sense, where something is known of that: a finite number from 0. */
  readonly retryAfter?: number
  /** No attempt makes sense before the postmaster has looked: a queue that can hold holds it. */
  readonly hold?: boolean
  /**
   * Nothing was tried: it was not its turn, and will be after `retryAfter`. It is no attempt that counts, and says nothing of the
   * destination but that all mail for it has to wait for so long.
   */
  readonly untried?: boolean
  /**
   * With `untried`: the destination is delivering other mail, or whether it does is unknown. This recipient is not to expire now,
   * however long it has waited.
   */
  readonly moving?: boolean
}

export interface Failed extends Trouble {
  readonly kind: 'failed'
  readonly reply: Reply
}

/** What is known of an attempt that did not succeed. */
interface Trouble {
  /** The other host that said so, or did not answer. */
  readonly host?: string
  /** Where it was, such as `mx.example[192.0.2.1]:25`, where the reply is its own words. */
  readonly place?: string
  readonly cause?: TroubleCause
  /** Where the cause is `expired`: that of the last attempt. */
  readonly lastCause?: TroubleCause
  /** All mail for the destination would fare the same now: it is the host that is away or has had enough. `recipient` where absent. */
  readonly concerns?: 'recipient' | 'message' | 'destination'
}

/** Why something could not be delivered. */
export type TroubleCause = (typeof troubleCauses)[number]

/** `no-mail`: the domain takes none (RFC 7505); `given-up`: by the postmaster. */
export const troubleCauses = [
  'greylisted',
  'rate-limited',
  'mailbox-full',
  'no-such-address',
  'no-mail',
  'policy',
  'unreachable',
  'dns',
  'tls',
  'protocol',
  'expired',
  'given-up',
] as const
