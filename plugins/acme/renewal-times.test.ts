import { X509Certificate } from 'node:crypto'
import { generate } from 'selfsigned'
import { beforeAll, expect, test } from 'vitest'
import type { OrderRecord } from './order-record.ts'
import { ordinaryRenewal, withFailure, withRenewal } from './renewal-times.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const issuedAt = Date.UTC(2026, 0, 1)
const fresh: OrderRecord = { failures: 0, issuedAt }
let leaf: X509Certificate

beforeAll(async () => {
  const { cert } = await generate([], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(issuedAt),
    notAfterDate: new Date(issuedAt + 90 * day),
  })
  leaf = new X509Certificate(cert)
})

function days(time: number | undefined): number {
  return ((time ?? 0) - issuedAt) / day
}

test('after two thirds of the life, spread', () => {
  expect(days(ordinaryRenewal(leaf, () => 0))).toBeCloseTo(60)
  expect(days(ordinaryRenewal(leaf, () => 1))).toBeCloseTo(58.2)
})

test('a suggestion is drawn from once, and again when it is another', () => {
  let random = 0
  const time = { now: issuedAt, random: () => random }
  const info = (start: number, end: number) => ({
    start: issuedAt + start * day,
    end: issuedAt + end * day,
    explanation: undefined,
    askAfter: 2 * hour,
  })
  const first = withRenewal(fresh, leaf, info(50, 52), time)
  expect(days(first.renewAt)).toBe(50)
  expect(first.askAt).toBe(issuedAt + 2 * hour)
  random = 0.5
  expect(withRenewal(first, leaf, info(50, 52), time).renewAt).toBe(first.renewAt)
  expect(days(withRenewal(first, leaf, info(20, 22), time).renewAt)).toBe(21)
  const silent = withRenewal(first, leaf, undefined, time)
  expect(days(silent.renewAt)).toBeCloseTo(59.1)
  expect(silent.askAt).toBe(issuedAt + 6 * hour)
})

test('nobody can make a certificate expire, or be ordered again and again', () => {
  const time = { now: issuedAt, random: () => 0 }
  const at = (start: number) => ({ start, end: start + 1, explanation: undefined, askAfter: undefined })
  expect(days(withRenewal(fresh, leaf, at(issuedAt + 400 * day), time).renewAt)).toBe(81)
  expect(withRenewal(fresh, leaf, at(0), time).renewAt).toBe(issuedAt + hour)
  const often = { ...at(0), askAfter: 0 }
  expect(withRenewal(fresh, leaf, often, time).askAt).toBe(issuedAt + minute)
  expect(withRenewal(fresh, leaf, { ...often, askAfter: 30 * day }, time).askAt).toBe(issuedAt + day)
})

test('failures wait longer each time, never shorter than they are told', () => {
  const time = { now: issuedAt, random: () => 0.5 }
  let record = fresh
  const waits: number[] = []
  for (let attempt = 0; attempt < 12; attempt++) {
    record = withFailure(record, 'no', undefined, time)
    waits.push(((record.retryAt ?? 0) - issuedAt) / minute)
  }
  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440, 1440])
  expect(record).toMatchObject({ failures: 12, problem: 'no' })
  expect(withFailure(fresh, 'no', 3 * day, time).retryAt).toBe(issuedAt + 3 * day)
  expect(withFailure(fresh, 'no', undefined, { ...time, random: () => 0 }).retryAt).toBe(
    issuedAt + 3.75 * minute,
  )
  expect(withFailure(fresh, 'no', undefined, { ...time, random: () => 1 }).retryAt).toBe(
    issuedAt + 6.25 * minute,
  )
})
