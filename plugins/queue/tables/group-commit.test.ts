import { UnavailableError } from 'mailwright'
import { type FaultyDatabase, faultyDatabase } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type OpenDatabase, openDatabase } from '../../../test/support/queue/queue-database.ts'
import { GroupCommit } from './group-commit.ts'
import { queueMigrations } from './migrations.ts'

describe('changes that are made durable together', () => {
  let base: DatabaseUnderTest
  let opened: OpenDatabase
  let faulty: FaultyDatabase
  let commits: GroupCommit

  beforeEach(async () => {
    base = await databaseUnderTest()
    opened = await openDatabase(base, queueMigrations)
    faulty = faultyDatabase(opened.service)
    commits = new GroupCommit(faulty.database, 10)
  })

  afterEach(async () => {
    await commits.settled()
    await opened.close()
    await base[Symbol.asyncDispose]()
  })

  const write = (id: string): Promise<string> =>
    commits.run(async (knex) => {
      await knex('queue_holders').insert({ id, expires_at: 1 }).onConflict('id').ignore()
      return id
    })
  const ids = (): Promise<readonly string[]> =>
    opened.service.query((knex) => knex('queue_holders').orderBy('id').pluck('id'))
  const transactions = (): number => faulty.calls.length

  it('need one commit for all that is asked for at once, and those in between go into the next', async () => {
    const later: Promise<string>[] = []
    const first = commits.run(async () => {
      later.push(write('b'), write('c'))
    })
    await first
    expect(await Promise.all(later)).toEqual(['b', 'c'])
    expect(transactions()).toBe(2)
    expect(await Promise.all(Array.from({ length: 25 }, (_, each) => write(`n${each}`)))).toHaveLength(25)
    expect(transactions()).toBe(5)
    expect(await ids()).toHaveLength(27)
  })

  it('are made without the one that fails', async () => {
    const bad = commits.run(async (knex) => {
      await knex('queue_holders').insert({ id: 'half', expires_at: 1 })
      throw new TypeError('a fault of its own')
    })
    const [first, second] = [write('a'), write('b')]
    await expect(bad).rejects.toThrow(TypeError)
    expect([await first, await second]).toEqual(['a', 'b'])
    expect(await ids()).toEqual(['a', 'b'])
  })

  it('fail all together, soon, where the database is away, and work again after it', async () => {
    const back = faulty.fail({ times: Number.POSITIVE_INFINITY })
    const results = await Promise.allSettled(Array.from({ length: 9 }, (_, each) => write(`n${each}`)))
    expect(results.every((each) => each.status === 'rejected')).toBe(true)
    expect(transactions()).toBeLessThanOrEqual(6)
    back()
    expect(await write('a')).toBe('a')
    expect(await ids()).toEqual(['a'])
  })

  it.each(['before', 'during', 'after'] as const)(
    'are made again after a connection was lost %s',
    async (when) => {
      faulty.fail({ when })
      expect(await Promise.all([write('a'), write('b')])).toEqual(['a', 'b'])
      expect(await ids()).toEqual(['a', 'b'])
    },
  )

  it('are made again as often as deadlocks want it', async () => {
    const cause = Object.assign(new Error('deadlock'), { sqlState: '40001' })
    const error = new UnavailableError('not now', { cause })
    faulty.fail({ when: 'during', times: 4, error })
    expect(await write('a')).toBe('a')
    expect(transactions()).toBe(5)
  })
})
