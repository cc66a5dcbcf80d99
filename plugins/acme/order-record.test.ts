import { expect, test } from 'vitest'
import { believable, type OrderRecord } from './order-record.ts'

const hour = 60 * 60 * 1000
const day = 24 * hour
const now = Date.UTC(2026, 0, 1)
const record: OrderRecord = {
  directory: 'https://ca.example/',
  keyType: 'ecdsa-p256',
  issuedAt: now - day,
  failures: 3,
  problem: 'no',
  attempted: 'this',
  retryAt: now + 7 * day,
  renewAt: now + 60 * day,
  window: '',
  askAt: now + day,
}

test('what can be is believed', () => {
  expect(believable(record, 'this', now)).toEqual(record)
  expect(believable({ failures: 0 }, 'this', now)).toEqual({ failures: 0 })
})

test('nobody waits for times that come from a clock that was wrong', () => {
  const { retryAt: _retry, ...tried } = record
  expect(believable({ ...record, retryAt: now + 8 * day }, 'this', now)).toEqual(tried)
  const { askAt: _ask, ...asked } = record
  expect(believable({ ...record, askAt: now + 2 * day }, 'this', now)).toEqual(asked)
  const { issuedAt: _issued, renewAt: _renew, window: _window, ...undated } = asked
  expect(believable({ ...record, issuedAt: now + day }, 'this', now)).toEqual(undated)
})

test('a failure is that of its config', () => {
  const { retryAt: _retry, problem: _problem, attempted: _attempted, ...others } = record
  expect(believable(record, 'that', now)).toEqual({ ...others, failures: 0 })
  const { attempted: _unknown, ...older } = record
  expect(believable(older, 'that', now)).toEqual(older)
})
