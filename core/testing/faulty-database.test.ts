import type { Knex } from 'knex'
import { describe, expect, it } from 'vitest'
import type { Database } from '../services/database.ts'
import { expectCode } from './contracts/expectations.ts'
import { faultyDatabase } from './faulty-database.ts'

/** A database of one list; a transaction that throws leaves it as it was. */
function listDatabase() {
  const rows: string[] = []
  const knex = { add: (row: string) => rows.push(row) } as unknown as Knex & Knex.Transaction
  const database: Database = {
    dialect: 'sqlite',
    query: (run) => run(knex),
    async transaction(run) {
      const before = [...rows]
      try {
        return await run(knex)
      } catch (error) {
        rows.splice(0, rows.length, ...before)
        throw error
      }
    },
  }
  return { rows, database }
}

const adding = (row: string) => async (knex: unknown) => (knex as { add(row: string): number }).add(row)

describe('faultyDatabase', () => {
  it('passes everything on', async () => {
    const { rows, database } = listDatabase()
    const faulty = faultyDatabase(database)
    expect(await faulty.database.query(adding('a'))).toBe(1)
    expect(await faulty.database.transaction(adding('b'))).toBe(2)
    expect(rows).toEqual(['a', 'b'])
    expect(faulty.calls.map((call) => call.name)).toEqual(['query', 'transaction'])
  })

  it.each([
    ['before', []],
    ['during', []],
    ['after', ['a']],
  ] as const)('fails %s the deed', async (when, left) => {
    const { rows, database } = listDatabase()
    const faulty = faultyDatabase(database, [{ call: 'transaction', when }])
    await expectCode(faulty.database.transaction(adding('a')), 'MAIL_E_UNAVAILABLE')
    expect(rows).toEqual(left)
    await faulty.database.transaction(adding('b'))
    expect(rows).toEqual([...left, 'b'])
  })

  it('fails until the plan is taken back, with the error it was given', async () => {
    const { database } = listDatabase()
    const faulty = faultyDatabase(database)
    const end = faulty.fail({ times: Number.POSITIVE_INFINITY, error: new RangeError('gone') })
    await expect(faulty.database.query(adding('a'))).rejects.toThrow(RangeError)
    await expect(faulty.database.transaction(adding('a'))).rejects.toThrow(RangeError)
    expect(end()).toBe(true)
    await faulty.database.query(adding('a'))
  })
})
