/** Some drivers give big integers as texts. */
export type BigNumber = number | string

/** One message with one content, for those of its recipients who have not got it yet. Times are milliseconds since 1970. */
export interface MessageRow {
  readonly number: BigNumber
  /** The queue id; variants of one transaction have the same. */
  readonly id: string
  /** The reverse-path in lower case, `<>` for the null one: to be searched for. */
  readonly sender: string
  /** An {@link import('./queued.ts').Envelope} as JSON. */
  readonly envelope: string
  readonly arrived_at: BigNumber
  readonly expires_at: BigNumber
  readonly size: BigNumber
  /** The octets of a small message; else they are in a file with the message's number. */
  readonly content: Buffer | null
  /** Null: it is not held, or only by its routes, each recipient since its last attempt. */
  readonly held_at: BigNumber | null
  readonly held_reason: string | null
}

/** One recipient with one route. */
export interface RecipientRow {
  readonly number: BigNumber
  /** The message's number. */
  readonly message: BigNumber
  /** The forward-path in lower case: to be searched for. */
  readonly address: string
  /** Where an alias has led it, as `address`; null where that is the same. */
  readonly target: string | null
  /** A {@link import('./queued.ts').Delivery} as JSON. */
  readonly delivery: string
  readonly destination: string
  readonly attempts: number
  /** Nothing is tried before; {@link never} while the message is held. */
  readonly due: BigNumber
  /** When something has to be told of it: a warning, or that it is given up. */
  readonly deadline: BigNumber
  /** Its sender was told that it takes long. */
  readonly warned: number | boolean
  /** A {@link import('./queued.ts').LastAttempt} as JSON, or null. */
  readonly last: string | null
  /** The holder who may have been trying it when it was held or its destination paused, and has not said yet that this is over; else null. */
  readonly tried_by: string | null
}

/** One destination for which something waits, and which process delivers to it. */
export interface LaneRow {
  readonly destination: string
  /** When somebody has to look at its recipients. */
  readonly due: BigNumber
  /** The holder's id, or empty. */
  readonly owner: string
  /** Higher with each new owner, so that an owner from before can be told. */
  readonly fence: BigNumber
  /** Nothing is tried before: the destination did not answer, or it was not its turn. */
  readonly paused_until: BigNumber
  /** It is paused for others' turns, of which there were some of late; null: it is not, as far as is known. */
  readonly moving: number | boolean | null
  /** Pauses one after the other without any success. */
  readonly pauses: number
  /** A {@link import('./queued.ts').LastAttempt} as JSON, or null: why it is paused. */
  readonly last: string | null
}

/** One process that delivers, for as long as it says that it lives. */
export interface HolderRow {
  readonly id: string
  readonly expires_at: BigNumber
  /** Null: it is of a version that never says that an attempt of what was held is over. */
  readonly clears_tried: number | boolean | null
}

/** One recipient of whom a message's sender has still to be told. The message and its octets stay until then. */
export interface ReportRow {
  readonly number: BigNumber
  /** The message's number. */
  readonly message: BigNumber
  /** The recipient's number; its own row may be gone. */
  readonly recipient: BigNumber
  /** It is told by then, whatever is still under way; {@link never} where nobody can tell it. */
  readonly due: BigNumber
  /** A {@link import('mailwright').ReportedRecipient} as JSON. */
  readonly report: string
}

/** All of a message but its octets. */
export const withoutContent: readonly Exclude<keyof MessageRow, 'content'>[] = [
  'number',
  'id',
  'sender',
  'envelope',
  'arrived_at',
  'expires_at',
  'size',
  'held_at',
  'held_reason',
]

/** Of a time that does not come. */
export const never: number = Number.MAX_SAFE_INTEGER
