import { database as databaseKey, formatReply } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import {
  createTestHost,
  type FakeClock,
  fakeClock,
  fakeResolver,
  type TestHost,
  type TestMail,
} from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { writeBeforeDeletion } from '../../test/support/faults/write-before-deletion.ts'
import { slowStatements } from '../../test/support/query-plans.ts'
import greylisting, { type GreylistingInput } from './index.ts'
import { tidy } from './tidying.ts'

const mail: TestMail = { from: 'a@sender.example', to: 'me@example.org', data: 'Subject: x\n\nx\n' }
const taken = '250 2.0.0 Taken'
const wait = (seconds: number) =>
  `451 4.7.1 Greylisted: we do not know you yet, please try again in ${seconds} seconds`
const minute = 60_000
const from = (address: string) => ({ remote: { address, port: 40_000 } })

const { signal } = new AbortController()
let base: DatabaseUnderTest
let clock: FakeClock
const hosts: TestHost[] = []

beforeEach(async () => {
  base = await databaseUnderTest()
  clock = fakeClock()
})

afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop()
  await base[Symbol.asyncDispose]()
})

async function start(options: GreylistingInput = {}): Promise<TestHost> {
  const host = await createTestHost({
    plugins: [
      memory({ accounts: [{ address: 'me@example.org', password: 'secret' }] }),
      databasePlugin(base.options),
      localDelivery({ postmaster: 'me@example.org' }),
      greylisting(options),
    ],
    clock,
    resolver: fakeResolver({
      '192.0.2.10': { ptr: ['out.client.example'] },
      'out.client.example': { a: ['192.0.2.10'] },
    }),
  })
  hosts.push(host)
  return host
}

async function send(host: TestHost, sent: Partial<TestMail> = {}): Promise<readonly string[]> {
  const answers = await host.send({ ...mail, ...sent })
  return answers.map(({ reply }) => formatReply(reply).replace(/ (as \w+|Delivered)$/, ''))
}

describe('a client that is new', () => {
  it('is let in when it comes back, neither too soon nor too late', async () => {
    const host = await start()
    expect(await send(host)).toEqual([wait(300)])
    clock.advance(minute)
    expect(await send(host)).toEqual([wait(240)])
    clock.advance(4 * minute)
    expect(await send(host, from('192.0.2.200'))).toEqual([taken])
    expect(await send(host)).toEqual([taken])
    const found = (await host.history()).filter(({ verb }) => verb === 'finding')
    expect(found.map(({ by, text }) => [by, text])).toEqual([
      ['greylisting/delayed', 'delayed by 300 seconds'],
    ])
    expect(await send(host, { from: 'b@sender.example' })).toEqual([wait(300)])
    clock.advance(2 * 24 * 60 * minute)
    expect(await send(host, { from: 'b@sender.example' })).toEqual([wait(300)])
  })

  it('is known as long as it comes now and then', async () => {
    const host = await start({ maxAge: '10d' })
    await send(host)
    clock.advance(5 * minute)
    for (let weeks = 0; weeks < 3; weeks++) {
      expect(await send(host)).toEqual([taken])
      clock.advance(7 * 24 * 60 * minute)
    }
    clock.advance(4 * 24 * 60 * minute)
    expect(await send(host)).toEqual([wait(300)])
  })

  it('waits for each recipient, and not for who is not here', async () => {
    const host = await start()
    const to = ['me@example.org', 'nobody@example.org', 'postmaster@example.org']
    expect(await send(host, { to })).toEqual([wait(300), '550 5.1.1 No such address here', taken])
  })

  it('is known to all processes', async () => {
    const [one, other] = [await start(), await start()]
    const attempts = await Promise.all([send(one), send(other), send(one), send(other)])
    expect(attempts.flat()).toEqual(Array(4).fill(wait(300)))
    clock.advance(5 * minute)
    const again = await Promise.all([send(one), send(other)])
    expect(again.flat()).toEqual([taken, taken])
  })
})

describe('the null sender', () => {
  it('is put off at the end of the message, so that addresses can be verified', async () => {
    const host = await start()
    const [local, { remote }] = [{ address: '192.0.2.1', port: 25 }, from('192.0.2.10')]
    const session = host.flow.openSession({ role: 'transfer', local, remote })
    const begun = await session.mail(null)
    if (!begun.ok) throw new Error('the sender was refused')
    const to = { localPart: 'me', domain: 'example.org' }
    expect((await begun.transaction.recipient(to)).code).toBe(250)
    session.close()
    expect(await send(host, { from: null })).toEqual([wait(300)])
    clock.advance(5 * minute)
    expect(await send(host, { from: null })).toEqual([taken])
  })

  it('waits for those alone that have to, where somebody need not', async () => {
    const host = await start()
    const to = ['postmaster@example.org', 'me@example.org']
    expect(await send(host, { from: null, to })).toEqual([taken, wait(300)])
    clock.advance(5 * minute)
    expect(await send(host, { from: null })).toEqual([taken])
  })

  it('may be put off as others, or never', async () => {
    expect(await send(await start({ nullSender: 'recipient' }), { from: null })).toEqual([wait(300)])
    expect(await send(await start({ nullSender: 'off' }), { from: null })).toEqual([taken])
  })
})

describe('a clock that was ahead and is right again', () => {
  const year = 365 * 24 * 60 * minute

  it('has nobody wait for as long as it was', async () => {
    const host = await start()
    const right = clock.now()
    clock.advance(year)
    await send(host)
    clock = fakeClock(right)
    const after = await start()
    expect(await send(after)).toEqual([wait(300)])
    clock.advance(5 * minute)
    expect(await send(after)).toEqual([taken])
  })

  it('leaves nothing behind', async () => {
    const host = await start({ allowAfter: 1 })
    const right = clock.now()
    clock.advance(year)
    await send(host)
    clock.advance(5 * minute)
    await send(host)
    clock = fakeClock(right)
    const database = host.service(databaseKey)
    await tidy({ database, clock, log: host.log, options: { maxTriplets: 100, retryWindow: year } }, signal)
    for (const table of ['greylist_triplets', 'greylist_allowances'])
      expect(await database.query((knex) => knex(table))).toEqual([])
  })
})

describe('nobody waits', () => {
  it.each<[GreylistingInput, Partial<TestMail>]>([
    [{ exempt: ['192.0.2.0/24'] }, {}],
    [{ roles: ['submission'] }, {}],
    [{}, { role: 'lmtp' }],
    [{}, { login: { login: 'me@example.org', secret: 'secret' } }],
    [{ allowClientNames: ['client.example'] }, {}],
    [
      { allowClientNames: ['told.example'] },
      { remote: { address: '192.0.2.10', port: 1, name: 'mx.told.example' } },
    ],
    [{ allowSenders: ['sender.example'] }, {}],
    [{ allowSenders: ['A@'] }, {}],
    [{ allowRecipients: ['me@example.org'] }, {}],
    [{ allowRecipients: ['me'] }, {}],
    [{ allowRecipients: ['@example.org'] }, {}],
    [{ allowSenders: ['@sender.example'] }, {}],
    [{ allowSenders: ['.example'] }, {}],
    [{ allowSenders: ['<>'] }, { from: null }],
  ])('with %j for %j', async (options, sent) => {
    expect(await send(await start(options), sent)).toEqual([taken])
  })

  it('in a network that has come back often enough', async () => {
    const host = await start({ allowAfter: 2, maxAge: '10d' })
    const returning = async (sender: string, address = '192.0.2.10') => {
      await send(host, { from: sender, ...from(address) })
      clock.advance(5 * minute)
      await send(host, { from: sender, ...from(address) })
    }
    await returning('a@one.example')
    await returning('a@two.example')
    // Both within an hour are one pass.
    expect(await send(host, { from: 'a@three.example' })).toEqual([wait(300)])
    clock.advance(60 * minute)
    await returning('a@four.example', '192.0.2.99')
    expect(await send(host, { from: 'a@five.example' })).toEqual([taken])
    clock.advance(9 * 24 * 60 * minute)
    expect(await send(host, { from: 'a@six.example' })).toEqual([taken])
    clock.advance(10 * 24 * 60 * minute)
    expect(await send(host, { from: 'a@seven.example' })).toEqual([wait(300)])
  })
})

describe('without the database', () => {
  it.each([
    ['pass', taken],
    ['defer', '451 4.7.1 Our greylist cannot be looked up now, try again later'],
  ] as const)('mail is to %s, and the log says so once', async (whenUnavailable, expected) => {
    const host = await start({ whenUnavailable })
    const bringBack = base.takeAway()
    expect([await send(host), await send(host)]).toEqual([[expected], [expected]])
    bringBack()
    const told = () =>
      host.log.lines.filter(({ service }) => service === 'greylist').map(({ event }) => event)
    expect(told()).toEqual(['unavailable'])
  })
})

it('knows the longest addresses when they come back', async () => {
  const host = await start()
  const from = `${'x'.repeat(256)}@${'a.'.repeat(126)}abc`
  expect(await send(host, { from })).toEqual([wait(300)])
  clock.advance(6 * minute)
  expect(await send(host, { from })).toEqual([taken])
})

describe('tidying up', () => {
  const retryWindow = 24 * 60 * minute

  async function tidied(host: TestHost, maxTriplets: number): Promise<string[]> {
    const database = host.service(databaseKey)
    await tidy({ database, clock, log: host.log, options: { maxTriplets, retryWindow } }, signal)
    const rows = await database.query((knex) => knex('greylist_triplets').select('sender').orderBy('sender'))
    return rows.map(({ sender }) => sender)
  }

  it('forgets what has expired, and the oldest where there are too many', async () => {
    const host = await start({ retryWindow: '1d' })
    for (const name of ['d', 'c', 'b', 'a']) {
      await send(host, { from: `${name}@s.example` })
      // By the wall clock alone: the server's own tidying would be in the midst of it.
      clock.set(clock.now() + 6 * 60 * minute)
    }
    // "b" has come back.
    await send(host, { from: 'b@s.example' })
    clock.set(clock.now() + 1)
    expect(await tidied(host, 100)).toEqual(['a@s.example', 'b@s.example', 'c@s.example'])
    expect(await tidied(host, 2)).toEqual(['a@s.example', 'b@s.example'])
    expect(await tidied(host, 1)).toEqual(['b@s.example'])
    expect(await tidied(host, 0)).toEqual([])
  })

  it('spares what another needs again by then', async () => {
    const host = await start({ retryWindow: '1d', allowAfter: 1, maxAge: '2d' })
    const database = host.service(databaseKey)
    const tidying = { clock, log: host.log, options: { maxTriplets: 100, retryWindow } }
    await send(host)
    clock.advance(5 * minute)
    expect(await send(host)).toEqual([taken])
    clock.advance(2 * retryWindow + 1)
    const allow = () =>
      database.query((knex) =>
        knex('greylist_allowances').update({ kind: 'manual', passes: 0, expires_at: 0 }),
      )
    const allowed = writeBeforeDeletion(database, 'greylist_allowances', allow)
    const returned = writeBeforeDeletion(allowed, 'greylist_triplets', () => send(host))
    await tidy({ ...tidying, database: returned }, signal)
    for (const table of ['greylist_triplets', 'greylist_allowances'])
      expect(await database.query((knex) => knex(table))).toHaveLength(1)
  })

  it('goes through no whole table for it, and sorts none', async () => {
    const host = await start({ retryWindow: '1d' })
    for (const name of ['c', 'b', 'a']) await send(host, { from: `${name}@s.example` })
    const slow = await slowStatements(host.service(databaseKey), () => tidied(host, 1))
    expect(slow.filter((sql) => !sql.includes('select `sender`'))).toEqual([])
  })
})

describe('the commands', () => {
  async function run(host: TestHost, name: string, words: string[] = [], options = {}): Promise<unknown> {
    const command = host.host.commands.find((each) => each.name === name)
    if (command === undefined) throw new Error(`no command ${name}`)
    return (await command.run({ arguments: words, options })).json
  }

  it.each(['.example', '@sender.example', 'A@', '<>'])('allow %s', async (who) => {
    const host = await start({ nullSender: 'recipient' })
    const sent: Partial<TestMail> = who === '<>' ? { from: null } : {}
    expect(await send(host, sent)).toEqual([wait(300)])
    await run(host, 'greylisting allow', [who])
    expect(await send(host, sent)).toEqual([taken])
  })

  it('list, allow and remove', async () => {
    const host = await start()
    await send(host)
    expect(await run(host, 'greylisting list')).toMatchObject([
      { network: '192.0.2.0/24', sender: 'a@sender.example', recipient: 'me@example.org' },
    ])
    expect(await run(host, 'greylisting list', [], { known: true })).toEqual([])
    expect(await run(host, 'greylisting allow', ['192.0.2.0/28'])).toEqual({ allowed: '192.0.2.0/28' })
    await run(host, 'greylisting allow', ['192.0.2.0/28'])
    await run(host, 'greylisting allow', ['Friend.Example'])
    expect(await send(host)).toEqual([taken])
    expect(await send(host, { from: 'x@mail.friend.example', ...from('198.51.100.1') })).toEqual([taken])
    expect(await run(host, 'greylisting list', [], { allowed: true })).toEqual([
      { name: '192.0.2.0/28', kind: 'manual' },
      { name: 'friend.example', kind: 'manual' },
    ])
    expect(await run(host, 'greylisting remove', ['192.0.2.0/28'])).toEqual({ allowances: 1, triplets: 0 })
    expect(await send(host)).toEqual([wait(300)])
    expect(await run(host, 'greylisting remove', ['me@example.org'])).toEqual({ allowances: 0, triplets: 1 })
    await expect(run(host, 'greylisting remove', ['me@example.org'])).rejects.toThrow('nothing is known')
    await expect(run(host, 'greylisting allow', ['a b'])).rejects.toThrow('is no network')
    await expect(run(host, 'greylisting list', [], { allowed: true, known: true })).rejects.toThrow(
      'together',
    )
  })

  it.each([
    'b123@else.example',
    'B777+x@ELSE.example',
    '#@else.example',
    '198.51.100.9',
    '::ffff:198.51.100.9',
    '198.51.100.0/24',
    'ME@example.org',
  ])('find a triplet by %s', async (who) => {
    const host = await start()
    await send(host, { from: 'b123@else.example', ...from('198.51.100.9') })
    expect(await run(host, 'greylisting remove', [who])).toEqual({ allowances: 0, triplets: 1 })
    await expect(run(host, 'greylisting remove', [who])).rejects.toThrow('nothing is known')
  })
})
