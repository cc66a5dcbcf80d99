import { type Database, UnavailableError } from 'mailwright'
import { capturedLog, fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { outagesOf } from './outage-log.ts'

const away = (statement = 'select 1') =>
  new UnavailableError('the database does not answer', { cause: new Error(`${statement} - refused`) })

function outages(clock = fakeClock()) {
  const captured = capturedLog()
  const fails = () => Promise.reject(away(`select ${captured.lines.length}`))
  const real: Database = { dialect: 'sqlite', query: fails, transaction: fails }
  const { database, log } = outagesOf(real, captured, clock)
  const outage = () =>
    database
      .query(async () => undefined)
      .then(
        () => undefined,
        (error: unknown) => error,
      )
  return { log, captured, outage, levels: () => captured.lines.map(({ level }) => level) }
}

test('a database that does not answer is told of once a minute, and in between at debug', async () => {
  const clock = fakeClock()
  const { log, captured, outage, levels } = outages(clock)
  for (let times = 0; times < 3; times++) log.warn('unavailable', { error: await outage() })
  log.error('unavailable', { transaction: 'q1', error: await outage() })
  log.error('unavailable', { transaction: 'q2', error: await outage() })
  clock.advance(60_000)
  log.warn('unavailable', { error: await outage() })
  expect(levels()).toEqual([...['warn', 'debug', 'debug', 'error', 'debug'], 'warn'])
  expect(captured.lines[4]).toMatchObject({ transaction: 'q2', code: 'MAIL_E_UNAVAILABLE' })
})

test('what is no outage of the database is told of each time', async () => {
  const { log, outage, levels } = outages()
  for (let times = 0; times < 2; times++) log.error('internal-error', { error: await outage() })
  for (let times = 0; times < 2; times++) log.error('internal-error', { error: new Error('strange') })
  for (let times = 0; times < 2; times++) log.warn('unavailable', { error: away() })
  for (let times = 0; times < 2; times++) log.warn('limit-reached')
  expect(levels()).toEqual([...['error', 'error', 'error', 'error'], ...['warn', 'warn', 'warn', 'warn']])
})
