import type { QueueDistribution, QueueGrouping, QueueSelection } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../../test/support/database-under-test.ts'
import { type OpenDatabase, openDatabase } from '../../../test/support/queue/queue-database.ts'
import { type WrittenMessage, writeMessages } from '../../../test/support/queue/queue-rows.ts'
import { queueMigrations } from '../tables/migrations.ts'
import { distribution } from './distribution.ts'

const now = Date.UTC(2026, 0, 1)
const minute = 60_000

let base: DatabaseUnderTest
let opened: OpenDatabase

beforeEach(async () => {
  base = await databaseUnderTest()
  opened = await openDatabase(base, queueMigrations)
  await writeMessages(opened.service, messages)
})

afterEach(async () => {
  await opened.close()
  await base[Symbol.asyncDispose]()
})

const messages: readonly WrittenMessage[] = [
  ...mailing(1_200),
  { number: 90_001, arrivedAt: now - 7 * minute, sender: 'anna@home.example', to: ['x@far.example'] },
  { number: 90_011, arrivedAt: now - 30 * minute, sender: 'bob@home.example', to: ['y@far.example'] },
  { number: 90_031, arrivedAt: now, sender: 'bob@home.example', to: ['y@far.example'] },
  { number: 90_021, arrivedAt: now, sender: '<>', isHeld: true, to: ['list@d1.example', 'z@d2.example'] },
]

/** So many messages of one sender, all for one destination. */
function mailing(count: number): readonly WrittenMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    number: 1 + index * 10,
    arrivedAt: now - 60 * minute,
    sender: 'list@mass.example',
    to: ['jo@far.example'],
    cause: index % 3 === 0 ? null : 'greylisted',
  }))
}

const spread = (by: QueueGrouping, selection: QueueSelection = {}, limit = 100): Promise<QueueDistribution> =>
  distribution(opened.service, { by, selection, now }, limit)

async function groups(by: QueueGrouping, selection?: QueueSelection): Promise<readonly unknown[]> {
  const found = await spread(by, selection)
  return found.groups.map(({ name, recipients }) => [name, recipients])
}

describe('what waits, by what it has in common', () => {
  it('tells who fills the queue: domains of senders, and whole addresses', async () => {
    const domains = [
      ['@mass.example', 1_200],
      ['@home.example', 3],
      ['<>', 2],
    ]
    expect(await groups('sender')).toEqual(domains)
    expect((await groups('sender-address')).toSorted()).toEqual([
      ['<>', 2],
      ['anna@home.example', 1],
      ['bob@home.example', 2],
      ['list@mass.example', 1_200],
    ])
  })

  it('tells for which domains it is, wherever that goes', async () => {
    await opened.service.query((knex) => knex('queue_recipients').update({ destination: 'relay.example' }))
    expect(await groups('destination')).toEqual([['relay.example', 1_205]])
    expect(await groups('recipient')).toEqual([
      ['@far.example', 1_203],
      ['@d1.example', 1],
      ['@d2.example', 1],
    ])
  })

  it('tells why it waits', async () => {
    expect(await groups('cause')).toEqual([
      ['greylisted', 800],
      ['other', 400],
      ['untried', 5],
    ])
  })

  it('has ages, the oldest, and who is held, of each and of all', async () => {
    const { total, found, groups: all } = await spread('sender')
    const ages = [3, 1, 0, 1, 1_200, 0, 0, 0, 0, 0]
    expect(total).toEqual({ recipients: 1_205, held: 2, ages, oldest: now - 60 * minute })
    expect(found).toBe(3)
    const home = { recipients: 3, held: 0, ages: [1, 1, 0, 1, 0, 0, 0, 0, 0, 0], oldest: now - 30 * minute }
    expect(all[1]).toEqual({ name: '@home.example', ...home })
    expect(all[2]).toMatchObject({ name: '<>', held: 2 })
  })

  it('is only what a selection means, with and without an index', async () => {
    expect(await groups('sender', { state: 'held' })).toEqual([['<>', 2]])
    expect(await groups('recipient', { sender: '<>', state: 'held', recipient: '@d2.example' })).toEqual([
      ['@d2.example', 1],
    ])
    expect(await groups('sender-address', { arrivedSince: new Date(now - 45 * minute) })).toHaveLength(3)
    expect(await groups('sender', { destination: 'd1.example' })).toEqual([['<>', 1]])
    const { total } = await spread('sender', { sender: '@mass.example', state: 'active' })
    expect(total).toMatchObject({ recipients: 1_200, held: 0 })
  })

  it('of nothing is nothing, and a limit keeps the largest', async () => {
    const nothing = await spread('cause', { sender: '@none.example' })
    expect(nothing).toMatchObject({ total: { recipients: 0, oldest: undefined }, found: 0, groups: [] })
    const { found, groups: few } = await spread('sender', {}, 1)
    expect([found, few.map(({ name }) => name)]).toEqual([3, ['@mass.example']])
  })

  it('has recipients whose message is lost, too', async () => {
    await opened.service.query((knex) => knex('queue_messages').where({ number: 90_001 }).delete())
    expect(await groups('sender')).toContainEqual(['unknown', 1])
  })
})
