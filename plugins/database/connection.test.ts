import { tmpdir } from 'node:os'
import { createLog, errorCode, systemClock } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type DatabaseUnderTest,
  databaseKind,
  databaseUnderTest,
} from '../../test/support/database-under-test.ts'
import { createConnection, type DatabaseConnection } from './connection.ts'
import { dialectOf } from './dialect-of.ts'
import { parseOptions } from './options.ts'

let underTest: DatabaseUnderTest
let database: DatabaseConnection
let events: string[]
const log = createLog('info', { write: (line) => void events.push(JSON.parse(line).event) })

function connection(): DatabaseConnection {
  const surroundings = { clock: systemClock, log, dataDir: tmpdir() }
  return createConnection(dialectOf(parseOptions(underTest.options), surroundings), systemClock, log)
}

beforeEach(async () => {
  events = []
  underTest = await databaseUnderTest()
  database = connection()
  await database.open()
  await database.query(async (knex) => {
    await knex.schema.createTable('things', (table) => void table.string('name', 50).primary())
  })
})

afterEach(async () => {
  await database.close()
  await underTest[Symbol.asyncDispose]()
})

const insert = (name: string): Promise<unknown> => database.query((knex) => knex('things').insert({ name }))
const names = (): Promise<string[]> => database.query((knex) => knex('things').orderBy('name').pluck('name'))
const code = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'no error', errorCode)

describe(`the database service on ${databaseKind}`, () => {
  it('says what it is', () => {
    expect(database.dialect).toBe(databaseKind)
  })

  it('is unavailable before it is opened and after it is closed', async () => {
    const unopened = connection()
    expect(await code(unopened.query((knex) => knex.raw('select 1')))).toBe('MAIL_E_UNAVAILABLE')
    await unopened.close()
    await database.close()
    expect(await code(insert('a'))).toBe('MAIL_E_UNAVAILABLE')
  })

  it('tells a broken unique constraint, and leaves other errors as they are', async () => {
    await insert('a')
    expect(await code(insert('a'))).toBe('MAIL_E_EXISTS')
    expect(await code(database.query((knex) => knex('nothing').select()))).toBeUndefined()
    await expect(database.query(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
  })

  it('does all of a transaction or nothing', async () => {
    const failed = database.transaction(async (transaction) => {
      await transaction('things').insert({ name: 'a' })
      throw new Error('mine')
    })
    await expect(failed).rejects.toThrow('mine')
    expect(await names()).toEqual([])
    const twice = database.transaction(async (transaction) => {
      await transaction('things').insert({ name: 'a' })
      await transaction('things').insert({ name: 'a' })
    })
    expect(await code(twice)).toBe('MAIL_E_EXISTS')
    const count = await database.transaction(async (transaction) => {
      await transaction('things').insert({ name: 'a' })
      return (await transaction('things').select()).length
    })
    expect(count).toBe(1)
  })

  it('lets transactions wait for a row that another one holds', async () => {
    await database.query(async (knex) => {
      await knex.schema.createTable('counters', (table) => void table.integer('value').notNullable())
      await knex('counters').insert({ value: 0 })
    })
    const countUp = (): Promise<void> =>
      database.transaction(async (transaction) => {
        const { value } = await transaction('counters').forUpdate().first('value')
        await transaction('counters').update({ value: value + 1 })
      })
    await Promise.all(Array.from({ length: 50 }, countUp))
    expect(await database.query((knex) => knex('counters').pluck('value'))).toEqual([50])
  })

  it('keeps apart letters of different case and accent, final spaces, and every character', async () => {
    const different = [
      'a',
      'A',
      'á',
      'ä',
      'ß',
      'ss',
      '\u{1f600}',
      "o'neil",
      '%',
      '_',
      '\\',
      '"',
      '`',
      '\u0000',
    ]
    for (const name of different) await insert(name)
    for (const name of different) {
      const found = await database.query((knex) => knex('things').where({ name }).pluck('name'))
      expect(found).toEqual([name])
    }
  })

  it('gives back whole numbers up to 2^53', async () => {
    await database.query(async (knex) => {
      await knex.schema.createTable('numbers', (table) => void table.bigInteger('value').notNullable())
      await knex('numbers').insert([{ value: Number.MAX_SAFE_INTEGER }, { value: -5 }])
    })
    const values = await database.query((knex) => knex('numbers').orderBy('value').pluck('value'))
    expect(values).toEqual([-5, Number.MAX_SAFE_INTEGER])
  })

  it('counts the rows that a change meets, also where nothing is different', async () => {
    await insert('a')
    const change = (): Promise<number> => database.query((knex) => knex('things').update({ name: 'a' }))
    expect(await change()).toBe(1)
    expect(await change()).toBe(1)
  })

  it('refuses what does not fit', async () => {
    await database.query(async (knex) => {
      await knex.schema.createTable('small', (table) => void table.integer('value').notNullable())
    })
    await expect(database.query((knex) => knex('small').insert({ value: null }))).rejects.toThrow()
    expect(await database.query((knex) => knex('small').select())).toEqual([])
  })

  it('tells no values in its errors', async () => {
    const failed = database.query((knex) => knex('nothing').insert({ password: 'hash-of-a-password' }))
    const { message } = (await failed.catch((error) => error)) as Error
    expect(message).toContain('nothing')
    expect(message).not.toContain('hash-of-a-password')
  })

  it('is unavailable while it is away, and recovers by itself', async () => {
    await insert('a')
    const bringBack = underTest.takeAway()
    expect(await code(names())).toBe('MAIL_E_UNAVAILABLE')
    expect(await code(database.transaction((transaction) => transaction('things').select()))).toBe(
      'MAIL_E_UNAVAILABLE',
    )
    bringBack()
    expect(await names()).toEqual(['a'])
    expect(events).toEqual(['unavailable', 'recovered'])
  })

  it('does nothing of a transaction in which the database goes away', async () => {
    let bringBack: () => void = () => undefined
    const broken = database.transaction(async (transaction) => {
      await transaction('things').insert({ name: 'a' })
      bringBack = underTest.takeAway()
      await transaction('things').insert({ name: 'b' })
    })
    if (databaseKind === 'mysql') expect(await code(broken)).toBe('MAIL_E_UNAVAILABLE')
    // An open file stays what it is, wherever it is moved.
    else await broken
    bringBack()
    expect(await names()).toEqual(databaseKind === 'mysql' ? [] : ['a', 'b'])
  })

  it('reads while it is read-only, and is unavailable for changes', async () => {
    await insert('a')
    await underTest.refuseChanges(database)
    expect(await code(insert('b'))).toBe('MAIL_E_UNAVAILABLE')
    expect(await names()).toEqual(['a'])
  })
})
