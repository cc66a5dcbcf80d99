const minute = 60 * 1000
const hour = 60 * minute
const day = 24 * hour

/** Milliseconds after which a question for the renewal is repeated at the latest. */
export const longestAsk: number = day
/** The longest wait that an authority is allowed to ask for: a public authority's longest ban is a week. */
export const longestWait: number = 7 * day
// What the clocks of several nodes may be apart.
const slack = hour

/** What is remembered of a certificate beside itself. Times are milliseconds since 1970. */
export interface OrderRecord {
  /** Whose certificate it is, and of what kind: another one in the config is a reason to order. */
  readonly directory?: string
  readonly keyType?: string
  readonly issuedAt?: number
  /** Attempts since the last one that succeeded. */
  readonly failures: number
  /** Not to be tried again before. */
  readonly retryAt?: number
  /** Why the last attempt failed. */
  readonly problem?: string
  /** What of the config the last attempt that failed was made with. */
  readonly attempted?: string
  /** When to renew, where it has been decided. */
  readonly renewAt?: number
  /** The authority's suggestion from which that was drawn. */
  readonly window?: string
  /** When to ask the authority again. */
  readonly askAt?: number
}

/**
 * A record without what is not to be believed: a failure of another config says nothing of this one, and times too far
 * ahead come from a clock that was wrong; nobody could wait for them.
 */
export function believable(record: OrderRecord, attempted: string, now: number): OrderRecord {
  const isOther = record.attempted !== undefined && record.attempted !== attempted
  return soberTimes(isOther ? withoutFailure(record) : record, now)
}

function withoutFailure(record: OrderRecord): OrderRecord {
  const { retryAt: _time, problem: _problem, attempted: _other, ...rest } = record
  return { ...rest, failures: 0 }
}

function soberTimes(record: OrderRecord, now: number): OrderRecord {
  const { issuedAt, renewAt, window, retryAt, askAt, ...rest } = record
  const isAhead = (time: number | undefined, longest: number) =>
    time !== undefined && time > now + longest + slack
  // When to renew was reckoned from when it was issued.
  const issued = isAhead(issuedAt, 0) ? {} : { issuedAt, renewAt, window }
  const isToAsk = isAhead(issuedAt, 0) || isAhead(askAt, longestAsk)
  const times = {
    ...issued,
    retryAt: isAhead(retryAt, longestWait) ? undefined : retryAt,
    askAt: isToAsk ? undefined : askAt,
  }
  const known = Object.entries(times).filter(([, time]) => time !== undefined)
  return { ...rest, ...Object.fromEntries(known) }
}
