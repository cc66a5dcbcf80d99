import { firmTransaction } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type OpenDatabase, openDatabase } from '../../../test/support/queue/queue-database.ts'
import { queueMigrations } from '../tables/migrations.ts'
import { deleteEmpty, deleteIfEmpty } from './emptied.ts'

let base: DatabaseUnderTest
/** Two processes. */
let opened: readonly [OpenDatabase, OpenDatabase]

beforeEach(async () => {
  base = await databaseUnderTest()
  opened = [await openDatabase(base, queueMigrations), await openDatabase(base, queueMigrations)]
})

afterEach(async () => {
  for (const { close } of opened) await close()
  await base[Symbol.asyncDispose]()
})

const fill = (messages: readonly number[], recipientsOf: (message: number) => readonly number[]) =>
  opened[0].service.transaction(async (knex) => {
    const times = { arrived_at: 0, expires_at: 0, size: 0 }
    for (const message of messages) {
      await knex('queue_messages').insert({
        number: message,
        id: 'x',
        sender: '<>',
        envelope: '{}',
        ...times,
      })
      for (const number of recipientsOf(message))
        await knex('queue_recipients').insert({
          ...{ number, message, address: 'a', delivery: '{}', destination: 'd' },
          ...{ attempts: 0, due: 0, deadline: 0, warned: false, last: null },
        })
    }
  })

const left = (): Promise<readonly number[]> =>
  opened[0].service.query(async (knex) =>
    (await knex('queue_messages').orderBy('number')).map(({ number }) => Number(number)),
  )

it('a message stays while anybody waits for it, and while something of it is to be told', async () => {
  await fill([1, 2, 3, 4], (message) => (message === 1 ? [11] : []))
  const { service } = opened[0]
  await service.query((knex) =>
    knex('queue_reports').insert({ number: 5, message: 2, recipient: 21, due: 0, report: '{}' }),
  )
  expect(await service.transaction((knex) => deleteEmpty(knex, [1, 2, 3]))).toEqual(new Set([3]))
  expect(await left()).toEqual([1, 2, 4])
  expect(await service.transaction((knex) => deleteIfEmpty(knex, 2))).toBe(false)
  expect(await service.transaction((knex) => deleteIfEmpty(knex, 4))).toBe(true)
  expect(await service.transaction((knex) => deleteIfEmpty(knex, 4))).toBe(true)
})

it('goes where two processes finish its last recipients at the same moment', async () => {
  const messages = Array.from({ length: 40 }, (_, index) => index + 1)
  await fill(messages, (message) => [message * 10, message * 10 + 1])
  for (const message of messages)
    await Promise.all(
      opened.map(({ service }, index) =>
        firmTransaction(service, async (knex) => {
          await knex('queue_recipients')
            .where({ number: message * 10 + index })
            .delete()
          await deleteIfEmpty(knex, message)
        }),
      ),
    )
  expect(await left()).toEqual([])
})
