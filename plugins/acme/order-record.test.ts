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
  const failure = { failures: 3, problem: 'no', retryAt: now + 7 * day }
  expect(believable(record, 'that', now)).toEqual({ ...others, failures: 0, others: { this: failure } })
  const { attempted: _unknown, ...older } = record
  expect(believable(older, 'that', now)).toEqual(older)
})

test('one that has failed with a config waits, whatever others have tried meanwhile', () => {
  const seen = believable(record, 'that', now)
  const [kept, failed] = [
    seen,
    { ...seen, failures: 1, retryAt: now + hour, problem: 'no', attempted: 'that' },
  ]
  expect(believable(kept, 'this', now)).toEqual(record)
  expect(believable(failed, 'this', now)).toMatchObject({ failures: 3, retryAt: now + 7 * day })
  expect(believable(believable(failed, 'this', now), 'that', now)).toMatchObject({
    failures: 1,
    retryAt: now + hour,
  })
  // Not for ever.
  expect(believable(failed, 'that', now + 9 * day)).not.toHaveProperty('others.this')
  expect(believable(failed, 'that', now - 9 * day)).not.toHaveProperty('others.this')
})

test.each([undefined, null, 'x', [], { failures: -1 }, { failures: 'many' }, { failures: null, others: [] }])(
  'nothing is believed of %j',
  (kept) => expect(believable(kept, 'this', now)).toEqual({ failures: 0 }),
)

test.each(['soon', null, 9e15, -1e300, {}])('%j is no time', (time) => {
  const times = { retryAt: time, renewAt: time, askAt: time, issuedAt: time }
  expect(believable({ failures: 1, ...times }, 'this', now)).toEqual({ failures: 1 })
})
