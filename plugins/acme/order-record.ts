import { isRecord } from './answer.ts'

const minute = 60 * 1000
const hour = 60 * minute
const day = 24 * hour

/** Milliseconds after which a question for the renewal is repeated at the latest. */
export const longestAsk: number = day
/** The longest wait that an authority is allowed to ask for: a public authority's longest ban is a week. */
export const longestWait: number = 7 * day
// What the clocks of several nodes may be apart.
const slack = hour
// ECMA-262 §21.4.1.1: what a Date can show.
const latestTime = 8.64e15

/** What attempts have led to since the last one that succeeded. Times are milliseconds since 1970. */
export interface Failure {
  readonly failures: number
  /** Not to be tried again before. */
  readonly retryAt?: number | undefined
  /** Why the last one failed. */
  readonly problem?: string | undefined
}

/** What is remembered of a certificate beside itself. */
export interface OrderRecord extends Failure {
  /** Whose certificate it is, and of what kind: another one in the config is a reason to order. */
  readonly directory?: string | undefined
  readonly keyType?: string | undefined
  readonly issuedAt?: number | undefined
  /** What of the config the attempts that failed were made with. */
  readonly attempted?: string | undefined
  /** What attempts with other configs have led to: processes that share the folder may have their own. */
  readonly others?: Readonly<Record<string, Failure>> | undefined
  /** When to renew, where it has been decided. */
  readonly renewAt?: number | undefined
  /** The authority's suggestion from which that was drawn. */
  readonly window?: string | undefined
  /** When to ask the authority again. */
  readonly askAt?: number | undefined
}

/**
 * What was kept as JSON, for one config, without what is not to be believed: a failure of another config says nothing of
 * this one, and times too far ahead come from a clock that was wrong; nobody could wait for them.
 */
export function believable(kept: unknown, attempted: string, now: number): OrderRecord {
  return soberTimes(ofConfig(readRecord(kept), attempted), now)
}

function readRecord(kept: unknown): OrderRecord {
  const record = isRecord(kept) ? kept : {}
  const others = isRecord(record.others) ? record.others : {}
  return {
    ...readFailure(record),
    directory: textIn(record.directory),
    keyType: textIn(record.keyType),
    issuedAt: timeIn(record.issuedAt),
    attempted: textIn(record.attempted),
    others: Object.fromEntries(Object.entries(others).map(([config, each]) => [config, readFailure(each)])),
    renewAt: timeIn(record.renewAt),
    window: textIn(record.window),
    askAt: timeIn(record.askAt),
  }
}

function readFailure(kept: unknown): Failure {
  const { failures, retryAt, problem } = isRecord(kept) ? kept : {}
  return {
    failures: Number.isSafeInteger(failures) ? Math.max(Number(failures), 0) : 0,
    retryAt: timeIn(retryAt),
    problem: textIn(problem),
  }
}

function timeIn(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) <= latestTime ? value : undefined
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** With the failures of one config in their place, and those of the one before among the others. */
function ofConfig(record: OrderRecord, config: string): OrderRecord {
  const { failures, retryAt, problem, attempted, others, ...rest } = record
  const last = attempted === undefined ? {} : { [attempted]: { failures, retryAt, problem } }
  const { [config]: own, ...foreign }: Readonly<Record<string, Failure>> = { ...others, ...last }
  if (own !== undefined) return { ...rest, ...own, attempted: config, others: foreign }
  // What does not say with which it was made counts for all.
  return attempted === undefined ? { ...record, others: foreign } : { ...rest, failures: 0, others: foreign }
}

function soberTimes(record: OrderRecord, now: number): OrderRecord {
  const { issuedAt, renewAt, window, retryAt, askAt, others = {}, ...rest } = record
  const isAhead = (time: number | undefined, longest: number) =>
    time !== undefined && time > now + longest + slack
  // Whoever fails goes on to try daily: what is older is of a config that nobody has any more.
  const isOfToday = ({ retryAt: until }: Failure) =>
    until !== undefined && until > now - day && !isAhead(until, longestWait)
  const alive = Object.entries(others).filter(([, failure]) => isOfToday(failure))
  // When to renew was reckoned from when it was issued.
  const issued = isAhead(issuedAt, 0) ? {} : { issuedAt, renewAt, window }
  const isToAsk = isAhead(issuedAt, 0) || isAhead(askAt, longestAsk)
  return {
    ...rest,
    ...issued,
    retryAt: isAhead(retryAt, longestWait) ? undefined : retryAt,
    askAt: isToAsk ? undefined : askAt,
    others: alive.length === 0 ? undefined : Object.fromEntries(alive),
  }
}
