import { afterEach, beforeEach, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type OpenDatabase, openDatabase } from '../../../test/support/queue/queue-database.ts'
import { GroupCommit } from '../tables/group-commit.ts'
import { queueMigrations } from '../tables/migrations.ts'
import { Finished } from './finished.ts'

let base: DatabaseUnderTest
let open: OpenDatabase

beforeEach(async () => {
  base = await databaseUnderTest()
  open = await openDatabase(base, queueMigrations)
  await open.service.transaction(async (knex) => {
    const times = { arrived_at: 0, expires_at: 0, size: 0 }
    for (const number of [1, 2, 3])
      await knex('queue_messages').insert({ number, id: 'x', sender: '<>', envelope: '{}', ...times })
    for (const number of [11, 12, 21, 31])
      await knex('queue_recipients').insert({
        ...{ number, message: Math.floor(number / 10), address: 'a', delivery: '{}', destination: 'd' },
        ...{ attempts: 0, due: 0, deadline: 0, warned: false, last: null },
      })
  })
})

afterEach(async () => {
  await open.close()
  await base[Symbol.asyncDispose]()
})

const left = (table: string) =>
  open.service.query(async (knex) =>
    (await knex(table).orderBy('number')).map(({ number }) => Number(number)),
  )

it('deletes those of one moment together, and messages that nobody waits for', async () => {
  const finished = new Finished(new GroupCommit(open.service))
  const first = [finished.remove(1, [11]), finished.remove(2, [21])]
  expect(await Promise.all(first)).toEqual([false, true])
  expect([await left('queue_messages'), await left('queue_recipients')]).toEqual([
    [1, 3],
    [12, 31],
  ])
  expect(await finished.remove(1, [12])).toBe(true)
  expect(await left('queue_messages')).toEqual([3])
})

it('comes to the same a second time', async () => {
  const finished = new Finished(new GroupCommit(open.service))
  expect(await finished.remove(3, [31])).toBe(true)
  expect(await finished.remove(3, [31])).toBe(true)
})

it('takes whoever comes during a commit into the next', async () => {
  const commits = new GroupCommit(open.service)
  const finished = new Finished(commits)
  let later: Promise<boolean> | undefined
  const first = finished.remove(1, [11])
  const between = commits.run(async () => {
    later = finished.remove(1, [12])
  })
  expect(await first).toBe(false)
  await between
  expect(await later).toBe(true)
})
