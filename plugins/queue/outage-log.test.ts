import { UnavailableError } from 'mailwright'
import { capturedLog, fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { outageLog } from './outage-log.ts'

const away = (statement = 'select 1') =>
  new UnavailableError('the database does not answer', { cause: new Error(`${statement} - refused`) })

test('a database that does not answer is told of once a minute, and in between at debug', () => {
  const [clock, captured] = [fakeClock(), capturedLog()]
  const log = outageLog(captured, clock)
  for (let times = 0; times < 3; times++) log.warn('unavailable', { error: away(`select ${times}`) })
  log.error('unavailable', { transaction: 'q1', error: away() })
  log.error('unavailable', { transaction: 'q2', error: away('insert') })
  clock.advance(60_000)
  log.warn('unavailable', { error: away() })
  expect(captured.lines.map(({ level }) => level)).toEqual([
    ...['warn', 'debug', 'debug', 'error', 'debug'],
    'warn',
  ])
  expect(captured.lines[4]).toMatchObject({ transaction: 'q2', code: 'MAIL_E_UNAVAILABLE' })
})

test('what is no outage is told of each time', () => {
  const captured = capturedLog()
  const log = outageLog(captured, fakeClock())
  for (let times = 0; times < 2; times++) log.error('internal-error', { error: new Error('strange') })
  for (let times = 0; times < 2; times++) log.warn('limit-reached')
  expect(captured.lines.map(({ level }) => level)).toEqual(['error', 'error', 'warn', 'warn'])
})
