import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'
import { type Clock, createLog, errorCode, errorText, type Migration, systemClock } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type DatabaseUnderTest,
  databaseKind,
  databaseUnderTest,
} from '../../test/support/database-under-test.ts'
import { watchedClock } from '../../test/support/watched-clock.ts'
import { createConnection, type DatabaseConnection } from './connection.ts'
import { dialectOf } from './dialect-of.ts'
import { takeLease } from './lease.ts'
import { migrate, pendingMigrations } from './migrations.ts'
import { parseOptions } from './options.ts'

let underTest: DatabaseUnderTest
let database: DatabaseConnection
let events: { event: string; migration?: string }[]
const log = createLog('info', { write: (line) => void events.push(JSON.parse(line)) })
const surroundings = { clock: systemClock, log }

beforeEach(async () => {
  underTest = await databaseUnderTest()
  events = []
  const dialect = dialectOf(parseOptions(underTest.options), { ...surroundings, dataDir: tmpdir() })
  database = createConnection(dialect, systemClock, log)
  await database.open()
})

afterEach(async () => {
  await database.close()
  await underTest[Symbol.asyncDispose]()
})

function creates(name: string, table: string): Migration {
  return {
    name,
    up: async (knex) => await knex.schema.createTable(table, (columns) => void columns.integer('value')),
  }
}

const recorded = (): Promise<string[]> =>
  database.query((knex) => knex('mailwright_migrations').orderBy('at').pluck('name'))

const hasTable = (table: string): Promise<boolean> => database.query((knex) => knex.schema.hasTable(table))

describe('migrations', () => {
  it('run once, in the order of their plugins and names', async () => {
    const contributed = [
      { plugin: 'b', migrations: [creates('0002-more', 'b2'), creates('0001-first', 'b1')] },
      { plugin: 'a', migrations: [creates('0001-first', 'a1')] },
    ]
    await migrate(database, contributed, surroundings)
    await migrate(database, contributed, surroundings)
    const expected = ['0001-first', '0002-more', '0001-first']
    expect(events.map(({ migration }) => migration)).toEqual(expected)
    expect(await recorded()).toHaveLength(3)
    await migrate(database, [{ plugin: 'a', migrations: [creates('0002-later', 'a2')] }], surroundings)
    expect(await hasTable('a2')).toBe(true)
  })

  it('need no table where there are none', async () => {
    await migrate(database, [], surroundings)
    expect(await hasTable('mailwright_migrations')).toBe(false)
  })

  it('stop at one that fails, keep those before it, and go on there the next time', async () => {
    await database.query(async (knex) => {
      await knex.schema.createTable('valuable', (table) => void table.integer('value'))
      await knex('valuable').insert({ value: 1 })
    })
    let isBroken = true
    const broken: Migration = {
      name: '0002-broken',
      async up(knex) {
        if (!(await knex.schema.hasTable('half')))
          await knex.schema.createTable('half', (table) => void table.integer('value'))
        await knex('valuable').update({ value: 2 })
        if (isBroken) throw new Error('half-way')
      },
    }
    const contributed = [
      { plugin: 'p', migrations: [creates('0001-good', 'good'), broken, creates('0003-next', 'next')] },
    ]
    const error = await migrate(database, contributed, surroundings).catch((caught) => caught)
    expect(errorCode(error)).toBe('MAIL_E_START')
    expect(errorText(error)).toBe('migration "0002-broken" of p failed: half-way')
    expect(await recorded()).toEqual(['0001-good'])
    // MySQL commits at each definition; SQLite leaves nothing of what failed.
    const isLeft = databaseKind === 'mysql'
    expect(await hasTable('half')).toBe(isLeft)
    expect(await database.query((knex) => knex('valuable').pluck('value'))).toEqual([isLeft ? 2 : 1])
    isBroken = false
    await migrate(database, contributed, surroundings)
    expect(await hasTable('next')).toBe(true)
    expect(await database.query((knex) => knex('valuable').pluck('value'))).toEqual([2])
  })

  it('are refused where two have one name', async () => {
    const contributed = [{ plugin: 'p', migrations: [creates('0001', 'a'), creates('0001', 'b')] }]
    expect(await migrate(database, contributed, surroundings).catch(errorCode)).toBe('MAIL_E_START')
  })

  it('run once where several processes start at the same time', async () => {
    const here = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)
    const script = `
      const { createConnection } = await import(${here('./connection.ts')})
      const { dialectOf } = await import(${here('./dialect-of.ts')})
      const { migrate } = await import(${here('./migrations.ts')})
      const { parseOptions } = await import(${here('./options.ts')})
      const { createLog, systemClock } = await import('mailwright')
      const surroundings = { clock: systemClock, log: createLog('silent') }
      const dialect = dialectOf(parseOptions(JSON.parse(process.env.TEST_OPTIONS)), surroundings)
      const database = createConnection(dialect, systemClock, surroundings.log)
      await database.open()
      const migrations = ['0001', '0002', '0003'].map((name) => ({
        name,
        async up(knex) {
          await knex.schema.createTable('t' + name, (table) => { table.integer('pid') })
          await knex('t' + name).insert({ pid: process.pid })
        },
      }))
      await migrate(database, [{ plugin: 'p', migrations }], surroundings)
      console.log(await database.query((knex) => knex('mailwright_migrations').count({ n: '*' }).first()))
      await database.close()`
    const child = (): Promise<{ stdout: string; stderr: string }> =>
      promisify(execFile)(
        process.execPath,
        ['--conditions=mailwright-source', '--input-type=module', '-e', script],
        {
          cwd: import.meta.dirname,
          env: { ...process.env, TEST_OPTIONS: JSON.stringify(underTest.options) },
        },
      )
    const answers = await Promise.all([child(), child(), child()])
    expect(answers.map(({ stdout }) => stdout.trim())).toEqual(Array(3).fill('{ n: 3 }'))
    for (const table of ['t0001', 't0002', 't0003'])
      expect(await database.query((knex) => knex(table).pluck('pid'))).toHaveLength(1)
  }, 60_000)

  it('can be listed before they run, which changes nothing', async () => {
    const contributed = [
      { plugin: 'b', migrations: [creates('0002', 'b2'), creates('0001', 'b1')] },
      { plugin: 'a', migrations: [creates('0001', 'a1')] },
    ]
    const all = [
      { plugin: 'b', name: '0001' },
      { plugin: 'b', name: '0002' },
      { plugin: 'a', name: '0001' },
    ]
    expect(await pendingMigrations(database, contributed)).toEqual(all)
    expect(await hasTable('mailwright_migrations')).toBe(false)
    expect(await migrate(database, contributed.slice(0, 1), surroundings)).toEqual(all.slice(0, 2))
    expect(await pendingMigrations(database, contributed)).toEqual(all.slice(2))
    expect(await migrate(database, contributed, surroundings)).toEqual(all.slice(2))
    expect(await pendingMigrations(database, contributed)).toEqual([])
  })

  it('keep their lease while one takes long', async () => {
    const clock = watchedClock()
    const slow = Promise.withResolvers<void>()
    const running = migrate(
      database,
      [{ plugin: 'p', migrations: [{ name: '0001', up: () => slow.promise }] }],
      {
        clock,
        log,
      },
    )
    // On SQLite the transaction itself keeps all others out.
    if (databaseKind === 'mysql') {
      const expiry = (): Promise<number> =>
        database.query(async (knex) => (await knex('mailwright_locks').first('expires_at')).expires_at)
      await clock.armed(4000)
      const before = await expiry()
      clock.advance(4000)
      await clock.armed(4000)
      expect(await expiry()).toBe(before + 4000)
    }
    slow.resolve()
    expect(await running).toHaveLength(1)
  })
})

describe('the lease', () => {
  function steppingClock(): Clock & { time: number } {
    const clock = {
      time: 1_000_000,
      now: () => clock.time,
      monotonic: () => clock.time,
      after(milliseconds: number, run: () => void) {
        const pending = setImmediate(() => {
          clock.time += milliseconds
          run()
        })
        return { cancel: () => clearImmediate(pending) }
      },
    }
    return clock
  }

  it('is one owner’s until it is released', async () => {
    const clock = steppingClock()
    const settings = { name: 'test', clock, duration: 60_000, patience: 5000 }
    const first = await takeLease(database, settings)
    const waiting = takeLease(database, settings)
    const refused = await waiting.catch((error) => error)
    expect(errorCode(refused)).toBe('MAIL_E_UNAVAILABLE')
    expect(errorText(refused)).toContain(`/${process.pid}/`)
    await first.release()
    const second = await takeLease(database, settings)
    expect(await database.query((knex) => first.renew(knex)).catch(errorCode)).toBe('MAIL_E_UNAVAILABLE')
    await database.query((knex) => second.renew(knex))
  })

  it('passes on from an owner that died, and from a clock that was wrong', async () => {
    const clock = steppingClock()
    const settings = { name: 'test', clock, duration: 5000, patience: 20_000 }
    const dead = await takeLease(database, settings)
    const next = await takeLease(database, settings)
    expect(await database.query((knex) => dead.renew(knex)).catch(errorCode)).toBe('MAIL_E_UNAVAILABLE')
    await dead.release()
    await database.query((knex) => next.renew(knex))
    clock.time -= 10_000_000
    await takeLease(database, settings)
  })
})
