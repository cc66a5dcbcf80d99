import { type QueueStatistics, queueAgeLimits, reply } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type OpenDatabase, openDatabase } from '../../../test/support/queue/queue-database.ts'
import { chance } from '../../../test/support/queue/queue-model.ts'
import { type WrittenMessage, writeMessages } from '../../../test/support/queue/queue-rows.ts'
import { queueMigrations } from '../tables/migrations.ts'
import { countWaiting } from './statistics.ts'

const now = Date.UTC(2026, 0, 1)
const minute = 60_000

let base: DatabaseUnderTest
let opened: OpenDatabase

beforeEach(async () => {
  base = await databaseUnderTest()
  opened = await openDatabase(base, queueMigrations)
})

afterEach(async () => {
  await opened.close()
  await base[Symbol.asyncDispose]()
})

const count = (limit = 1_000, toldApart = 1_000): Promise<QueueStatistics> =>
  countWaiting(opened.service, now, { limit, toldApart })

/** By chance: messages for one to four of so many destinations, up to two days old. */
function messagesFor(destinations: number, messages: number): readonly WrittenMessage[] {
  const draw = chance(7)
  return Array.from({ length: messages }, (_, index) => ({
    number: 1 + index * 10,
    arrivedAt: now - draw(2 * 24 * 60) * minute,
    isHeld: draw(10) === 0,
    to: Array.from({ length: 1 + draw(4) }, (_, each) => `user${each}@d${draw(destinations)}.example`),
  }))
}

/** The same, counted in the simplest way. */
function counted(messages: readonly WrittenMessage[]): QueueStatistics {
  const all = messages.flatMap((message) =>
    message.to.map((to) => ({ ...message, domain: to.split('@')[1] ?? '' })),
  )
  const byDestination = Map.groupBy(all, ({ domain }) => domain)
  const ages = (some: readonly WrittenMessage[]): readonly number[] =>
    [...queueAgeLimits, Number.POSITIVE_INFINITY].map(
      (limit, index) =>
        some.filter(({ arrivedAt }) => {
          const age = (now - arrivedAt) / minute
          return age <= limit && (index === 0 || age > (queueAgeLimits[index - 1] ?? 0))
        }).length,
    )
  const oldest = (some: readonly WrittenMessage[]): number =>
    Math.min(...some.map(({ arrivedAt }) => arrivedAt))
  return {
    total: {
      recipients: all.length,
      held: all.filter(({ isHeld }) => isHeld).length,
      ages: ages(all),
      oldest: oldest(all),
      destinations: byDestination.size,
      paused: 0,
    },
    destinations: [...byDestination].map(([destination, own]) => ({
      destination,
      recipients: own.length,
      held: own.filter(({ isHeld }) => isHeld).length,
      ages: ages(own),
      oldest: oldest(own),
      pausedUntil: undefined,
    })),
  }
}

describe('what waits, counted', () => {
  it('is nothing in an empty queue', async () => {
    const total = { recipients: 0, held: 0, oldest: undefined, destinations: 0, paused: 0 }
    expect(await count()).toEqual({ total: { ...total, ages: Array(10).fill(0) }, destinations: [] })
  })

  it('is what is in the tables, by destination and by age', async () => {
    const messages = messagesFor(40, 1_500)
    await writeMessages(opened.service, messages)
    const { total, destinations } = await count()
    const expected = counted(messages)
    expect(total).toEqual(expected.total)
    expect(destinations.toSorted(byName)).toEqual(expected.destinations.toSorted(byName))
    const sizes = destinations.map(({ recipients }) => recipients)
    expect(sizes).toEqual(sizes.toSorted((one, other) => other - one))
    expect((await count(3)).destinations).toEqual(destinations.slice(0, 3))
  })

  it('tells which destinations are paused, also those that are not shown', async () => {
    const to = ['a@large.example', 'b@large.example', 'c@small.example']
    await writeMessages(opened.service, [{ number: 1, arrivedAt: now, to }])
    const until = now + minute
    const last = JSON.stringify({ at: now, reply: reply(421, '4.7.0', 'Slow down'), cause: 'rate-limited' })
    const lane = { due: until, owner: '', fence: 1, pauses: 1, last }
    await opened.service.query((knex) =>
      knex('queue_lanes').insert([
        { ...lane, destination: 'large.example', paused_until: until },
        { ...lane, destination: 'small.example', paused_until: until },
        { ...lane, destination: 'past.example', paused_until: now },
      ]),
    )
    const { total, destinations } = await count(1)
    expect(total.paused).toBe(2)
    expect(destinations).toMatchObject([
      {
        destination: 'large.example',
        pausedUntil: new Date(until),
        pausedFor: { code: 421 },
        pausedCause: 'rate-limited',
      },
    ])
  })

  it('keeps those that most waits for where there are more destinations than memory is for', async () => {
    const small = messagesFor(400, 600)
    const large = Array.from({ length: 60 }, (_, index) => ({
      number: 100_000 + index * 10,
      arrivedAt: now,
      to: ['a@large.example', 'b@larger.example', 'c@larger.example'],
    }))
    await writeMessages(opened.service, [...small, ...large])
    const { total, destinations } = await count(2, 20)
    expect(destinations).toMatchObject([
      { destination: 'larger.example', recipients: 120 },
      { destination: 'large.example', recipients: 60 },
    ])
    expect(total.recipients).toBe(counted(small).total.recipients + 180)
  })

  it('has recipients whose message is lost, too', async () => {
    await writeMessages(opened.service, [{ number: 1, arrivedAt: now - minute, to: ['a@x.example'] }])
    await opened.service.query((knex) => knex('queue_messages').delete())
    expect((await count()).total).toMatchObject({ recipients: 1, oldest: now })
  })

  it('leaves others their turns meanwhile, and ends though more and more comes', async () => {
    const messages = messagesFor(10, 1_500)
    await writeMessages(opened.service, messages)
    let [turns, number] = [0, 1_000_000]
    const turn = (): void => {
      turns++
      next = setImmediate(turn)
    }
    let next = setImmediate(turn)
    const { total } = await countWaiting(
      {
        dialect: opened.service.dialect,
        transaction: (run) => opened.service.transaction(run),
        query: async (run) => {
          const answer = await opened.service.query(run)
          number += 10
          await writeMessages(opened.service, [{ number, arrivedAt: now, to: ['late@late.example'] }])
          return answer
        },
      },
      now,
      { limit: 10 },
    )
    clearImmediate(next)
    expect(total.recipients).toBe(counted(messages).total.recipients)
    expect(turns).toBeGreaterThanOrEqual(3)
  })
})

function byName(one: { readonly destination: string }, other: { readonly destination: string }): number {
  return one.destination.localeCompare(other.destination)
}
