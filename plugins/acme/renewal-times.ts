import type { X509Certificate } from 'node:crypto'
import { longestAsk, type OrderRecord } from './order-record.ts'
import type { RenewalInfo } from './renewal-info.ts'

const minute = 60 * 1000
const hour = 60 * minute
const firstRetry = 5 * minute
const slowestRetry = 24 * hour
const askEvery = 6 * hour

/**
 * When a certificate is renewed of which the authority says nothing: after two thirds of its life, or up to a fiftieth of it
 * earlier, lest all that were made together come again together.
 */
export function ordinaryRenewal(leaf: X509Certificate, random: () => number): number {
  return leaf.validFromDate.getTime() + lifeOf(leaf) * (2 / 3 - random() / 50)
}

/** The record with what the authority suggests, or with what is ordinary; asked again some hours later. */
export function withRenewal(
  record: OrderRecord,
  leaf: X509Certificate,
  info: RenewalInfo | undefined,
  { now, random }: { readonly now: number; readonly random: () => number },
): OrderRecord {
  const askAt = now + Math.min(Math.max(info?.askAfter ?? askEvery, minute), longestAsk)
  const window = info === undefined ? '' : `${info.start}-${info.end}`
  // Drawn once for each suggestion: drawn again and again it would become the earliest moment.
  if (record.renewAt !== undefined && record.window === window) return { ...record, askAt }
  const drawn =
    info === undefined
      ? ordinaryRenewal(leaf, random)
      : Math.min(info.start + (info.end - info.start) * random(), latestRenewal(leaf))
  return { ...record, renewAt: Math.max(drawn, earliestRenewal(leaf, record)), window, askAt }
}

/** Whatever is suggested, there is time to try several times. */
function latestRenewal(leaf: X509Certificate): number {
  return leaf.validToDate.getTime() - lifeOf(leaf) / 10
}

/** An authority that finds what it has just issued overdue is not asked for one after the other. */
function earliestRenewal(leaf: X509Certificate, { issuedAt = 0 }: OrderRecord): number {
  return issuedAt + Math.min(hour, lifeOf(leaf) / 3)
}

function lifeOf(leaf: X509Certificate): number {
  return leaf.validToDate.getTime() - leaf.validFromDate.getTime()
}

/**
 * The record after an attempt that failed: each waits twice as long as the one before, five minutes to a day, give or take
 * a quarter, and never shorter than the authority asks for.
 */
export function withFailure(
  record: OrderRecord,
  problem: string,
  retryAfter: number | undefined,
  { now, random }: { readonly now: number; readonly random: () => number },
): OrderRecord {
  const failures = record.failures + 1
  const wait = Math.min(firstRetry * 2 ** Math.min(failures - 1, 20), slowestRetry) * (0.75 + random() / 2)
  return { ...record, failures, problem, retryAt: now + Math.max(wait, retryAfter ?? 0) }
}
