import type { QueueItem, QueueSelection } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type OpenDatabase, openDatabase } from '../../../test/support/queue/queue-database.ts'
import { type WrittenMessage, writeMessages } from '../../../test/support/queue/queue-rows.ts'
import { queueMigrations } from '../tables/migrations.ts'
import { Listing } from './listing.ts'

const start = Date.UTC(2026, 0, 1)
const day = 86_400_000

let base: DatabaseUnderTest
let opened: OpenDatabase
let listing: Listing

beforeEach(async () => {
  base = await databaseUnderTest()
  opened = await openDatabase(base, queueMigrations)
  listing = new Listing(opened.service, () => start + day)
})

afterEach(async () => {
  await opened.close()
  await base[Symbol.asyncDispose]()
})

/** So many, with numbers against the order of arrival, and several of the same moment. */
function many(count: number, about: Partial<WrittenMessage> = {}): readonly WrittenMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    number: 1 + (count - index) * 10,
    arrivedAt: start + Math.floor(index / 7),
    to: [`user${index}@far.example`],
    ...about,
  }))
}

async function everything(selection: QueueSelection, limit: number): Promise<readonly QueueItem[]> {
  const all: QueueItem[] = []
  for (let after: string | undefined; ; ) {
    const page = { limit, recipients: 10, ...(after === undefined ? {} : { after }) }
    const items = await listing.list(selection, page)
    all.push(...items)
    if (items.length < limit) return all
    after = items.at(-1)?.place
  }
}

async function ids(selection: QueueSelection = {}, limit = 100): Promise<readonly string[]> {
  return (await everything(selection, limit)).map(({ id }) => id)
}

const byArrival = (messages: readonly WrittenMessage[]): readonly string[] =>
  messages
    .toSorted((one, other) => one.arrivedAt - other.arrivedAt || one.number - other.number)
    .map(({ id, number }) => id ?? `id${number}`)

describe('a list by pages', () => {
  it.each([
    [1, 40],
    [7, 300],
    [250, 2_300],
    [1_000, 2_000],
  ])('of %d has each message once, oldest first', async (limit, count) => {
    const messages = many(count)
    await writeMessages(opened.service, messages)
    expect(await ids({}, limit)).toEqual(byArrival(messages))
  })

  it('has the variants of a transaction as one, wherever a page ends', async () => {
    const messages = many(30).map((message, index) =>
      index % 3 === 0 ? { ...message, id: `of${index % 2}` } : message,
    )
    await writeMessages(opened.service, messages)
    for (const limit of [1, 2, 3, 10]) {
      const found = await everything({}, limit)
      expect(found.map(({ id }) => id)).toEqual([...new Set(byArrival(messages))])
      expect(found.find(({ id }) => id === 'of0')?.recipients).toHaveLength(5)
    }
  })

  it('goes on where it was, also when the message of that place is gone', async () => {
    const messages = many(20)
    await writeMessages(opened.service, messages)
    const [, , third] = await listing.list({}, { limit: 3, recipients: 1 })
    await opened.service.query((knex) =>
      knex('queue_messages')
        .where({ id: third?.id ?? '' })
        .delete(),
    )
    const rest = await listing.list({}, { limit: 100, recipients: 1, after: third?.place ?? '' })
    expect(rest.map(({ id }) => id)).toEqual(byArrival(messages).slice(3))
  })

  it('leaves out whom nobody waits for any more', async () => {
    await writeMessages(opened.service, [...many(5), { number: 900, arrivedAt: start, to: [] }])
    expect(await ids({}, 2)).toEqual(byArrival(many(5)))
  })

  it.each(['', '1', '1-', '-1-2', '1-2-3', '1.5-2', 'x', '9'.repeat(99), `${'9'.repeat(99)}-1`, "1-1' or 1"])(
    'refuses %j, which is no place',
    async (after) => {
      await expect(listing.list({}, { limit: 1, recipients: 1, after })).rejects.toMatchObject({
        code: 'MAIL_E_INVALID',
      })
    },
  )
})

describe('a list of some', () => {
  it('finds one among thousands, while others have their turns', async () => {
    const rare = { sender: 'rare@else.example', to: ['x@near.example'] }
    await writeMessages(opened.service, [
      ...many(3_500),
      { ...rare, number: 100_001, arrivedAt: start + 999 },
    ])
    for (const selection of [{ sender: '@else.example' }, { recipient: 'x@near.example' }]) {
      let turns = 0
      const turn = (): void => {
        turns++
        next = setImmediate(turn)
      }
      let next = setImmediate(turn)
      expect(await ids(selection)).toEqual(['id100001'])
      clearImmediate(next)
      expect(turns).toBeGreaterThanOrEqual(3)
    }
    expect(await ids({ sender: '@none.example' })).toEqual([])
  })

  it('by destination or state is found by an index where they are few, and else all the same', async () => {
    const held = many(3, { isHeld: true }).map((message, index) => ({
      ...message,
      number: 50_001 + 10 * index,
    }))
    const messages = many(1_400)
    await writeMessages(opened.service, [...messages, ...held])
    expect(await ids({ state: 'held' })).toEqual(byArrival(held))
    expect(await ids({ state: 'held', destination: 'far.example' })).toEqual(byArrival(held))
    expect(await ids({ state: 'held', destination: 'near.example' })).toEqual([])
    expect(await ids({ destination: 'far.example' }, 1_000)).toEqual(byArrival([...messages, ...held]))
    expect(await ids({ id: 'id50001' })).toEqual(['id50001'])
    expect(await ids({ id: 'id50001', state: 'active' })).toEqual([])
  })

  it('by arrival has what came then or later, and what came before', async () => {
    const messages = many(2_500)
    await writeMessages(opened.service, messages)
    const [since, before] = [new Date(start + 100), new Date(start + 300)]
    const expected = messages.filter(({ arrivedAt }) => arrivedAt >= start + 100 && arrivedAt < start + 300)
    expect(await ids({ arrivedSince: since, arrivedBefore: before }, 33)).toEqual(byArrival(expected))
    expect(await ids({ arrivedSince: before, arrivedBefore: since })).toEqual([])
    expect(await ids({ arrivedBefore: new Date(start) })).toEqual([])
  })
})

it('shows a part of very many recipients, and how many there are', async () => {
  const crowd = Array.from({ length: 1_500 }, (_, index) => `user${index}@far.example`)
  await writeMessages(opened.service, [
    { number: 1, arrivedAt: start, to: ['a@far.example'] },
    { number: 10_001, arrivedAt: start, to: crowd },
    { number: 20_001, arrivedAt: start, to: crowd.slice(0, 10) },
  ])
  const items = await listing.list({}, { limit: 10, recipients: 10 })
  expect(items.map(({ recipientCount, recipients }) => [recipientCount, recipients.length])).toEqual([
    [1, 1],
    [1_500, 10],
    [10, 10],
  ])
})
