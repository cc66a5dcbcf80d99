import type { QueueSelection } from 'mailwright'
import { type FaultyDatabase, faultyDatabase } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type OpenDatabase, openDatabase } from '../../../test/support/queue/queue-database.ts'
import { type WrittenMessage, writeMessages } from '../../../test/support/queue/queue-rows.ts'
import { queueMigrations } from '../tables/migrations.ts'
import { selectedAmong, selectedPages } from './selected-pages.ts'

const start = Date.UTC(2026, 0, 1)

let base: DatabaseUnderTest
let opened: OpenDatabase
let faulty: FaultyDatabase

beforeEach(async () => {
  base = await databaseUnderTest()
  opened = await openDatabase(base, queueMigrations)
  faulty = faultyDatabase(opened.service)
})

afterEach(async () => {
  await opened.close()
  await base[Symbol.asyncDispose]()
})

/** So many messages with three recipients each. */
function many(count: number): readonly WrittenMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    number: 1 + index * 4,
    arrivedAt: start + index,
    to: ['a@far.example', 'b@far.example', `c@d${index}.example`],
  }))
}

async function pages(selection: QueueSelection): Promise<readonly (readonly number[])[]> {
  const all: (readonly number[])[] = []
  for await (const page of selectedPages(faulty.database, selection, () => start)) all.push(page)
  return all
}

describe('the recipients whom a selection means', () => {
  it('are all of them, each once, by pages of a bounded size', async () => {
    const messages = many(1_500)
    await writeMessages(opened.service, messages)
    const found = await pages({})
    expect(found.flat()).toEqual(messages.flatMap(({ number }) => [1, 2, 3].map((each) => number + each)))
    expect(Math.max(...found.map(({ length }) => length))).toBe(500)
    expect((await pages({ destination: 'far.example' })).flat()).toHaveLength(3_000)
    expect(await pages({ sender: '@none.example' })).toEqual([])
    expect(new Set(faulty.calls.map(({ name }) => name))).toEqual(new Set(['query']))
  })

  it('are found among thousands, without and with an index', async () => {
    const rare = { number: 90_001, arrivedAt: start - 5, sender: 'rare@else.example', isHeld: true }
    await writeMessages(opened.service, [
      ...many(1_000),
      { ...rare, to: ['x@near.example', 'y@near.example'] },
    ])
    const selections: readonly QueueSelection[] = [
      { sender: '@else.example' },
      { recipient: '@near.example' },
      { arrivedBefore: new Date(start) },
      { id: 'id90001' },
      { destination: 'near.example' },
      { state: 'held' },
      { state: 'held', sender: 'rare@else.example', arrivedSince: new Date(start - 5) },
    ]
    for (const selection of selections)
      expect(await pages(selection), JSON.stringify(selection)).toEqual([[90_002, 90_003]])
    expect(await pages({ state: 'held', arrivedSince: new Date(start) })).toEqual([])
  })

  it('are found by a domain in any spelling', async () => {
    const to = ['jo@xn--bcher-kva.example']
    await writeMessages(opened.service, [{ number: 1, arrivedAt: start, to }])
    for (const destination of ['bücher.example', 'BÜCHER.example', 'XN--bcher-kva.example'])
      expect(await pages({ destination })).toEqual([[2]])
  })

  it('are looked at again by whoever changes them', async () => {
    await writeMessages(opened.service, many(3))
    const [numbers = []] = await pages({ recipient: '@far.example' })
    await opened.service.query((knex) => knex('queue_recipients').where({ number: 2 }).delete())
    await opened.service.query((knex) =>
      knex('queue_recipients').where({ number: 6 }).update({ address: 'b@else.example' }),
    )
    const rows: { readonly number: number | string }[] = await opened.service.query((knex) =>
      selectedAmong(knex, { recipient: '@far.example' }, start, numbers),
    )
    expect(rows.map(({ number }) => Number(number))).toEqual([3, 7, 10, 11])
  })
})
