import { database, UsageError } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import { memoryAccounts, memoryQueue } from 'mailwright/plugins/memory'
import { createTestHost, type FakeClock, fakeClock, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { writeBeforeDeletion } from '../../test/support/faults/write-before-deletion.ts'
import { slowStatements } from '../../test/support/query-plans.ts'
import popBeforeSmtp from './index.ts'
import { parseOptions } from './options.ts'
import { RecentLogins } from './recent-logins.ts'

let base: DatabaseUnderTest
let host: TestHost
let clock: FakeClock

beforeEach(async () => {
  base = await databaseUnderTest()
  clock = fakeClock()
  host = await createTestHost({
    plugins: [
      databasePlugin(base.options),
      memoryAccounts({ accounts: [{ address: 'anna@example.org' }] }),
      memoryQueue(),
      popBeforeSmtp(),
    ],
  })
})

afterEach(async () => {
  await host.stop()
  await base[Symbol.asyncDispose]()
})

/** The logins as one process sees them. */
function logins(options: Record<string, unknown> = {}): RecentLogins {
  return new RecentLogins(host.service(database), clock, parseOptions(options))
}

const minute = 60_000
const { signal } = new AbortController()

test('an address is open for ten minutes after its last login', async () => {
  await logins().remember('192.0.2.7', 'jo@example.org', 'pop3')
  clock.advance(9 * minute)
  expect(await logins().of('192.0.2.7')).toEqual(['jo@example.org'])
  expect(await logins().of('192.0.2.8')).toEqual([])
  await logins().remember('192.0.2.7', 'jo@example.org', 'imap')
  clock.advance(9 * minute)
  expect(await logins().of('192.0.2.7')).toEqual(['jo@example.org'])
  clock.advance(minute)
  expect(await logins().of('192.0.2.7')).toEqual([])
  expect(await logins().list()).toEqual([])
})

test('a login that comes while the old ones are deleted stays', async () => {
  await logins().remember('192.0.2.7', 'jo@example.org', 'pop3')
  clock.advance(10 * minute + 1)
  const again = () => logins().remember('192.0.2.7', 'jo@example.org', 'pop3')
  const between = writeBeforeDeletion(host.service(database), 'pop_before_smtp_logins', again)
  await new RecentLogins(between, clock, parseOptions({})).clean(signal)
  expect(await logins().of('192.0.2.7')).toEqual(['jo@example.org'])
})

test('an IPv6 address opens its /64, and a mapped one its IPv4 address', async () => {
  await logins().remember('2001:db8:1:2::7', 'jo@example.org', 'imap')
  await logins().remember('::ffff:192.0.2.7', 'anna@example.org', 'imap')
  expect(await logins().of('2001:db8:1:2:ffff::')).toEqual(['jo@example.org'])
  expect(await logins().of('2001:db8:1:3::7')).toEqual([])
  expect(await logins().of('192.0.2.7')).toEqual(['anna@example.org'])
})

test.each([
  '127.0.0.1',
  '::1',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.1.1',
  'fe80::1',
  'fd00::1',
  '2001:0:4136:e378::1',
  '64:ff9b::c000:207',
  '::ffff:10.1.2.3',
  '/run/mailwright.sock',
])('%s, which many may share, is never open', async (address) => {
  await logins({ exclude: [] }).remember(address, 'jo@example.org', 'imap')
  await logins().remember(address, 'jo@example.org', 'imap')
  expect(await logins().of(address)).toEqual([])
})

test('what shall be open may be said', async () => {
  const open = logins({ exclude: ['192.168.1.0/24'], openFor: '1m' })
  await open.remember('127.0.0.1', 'jo@example.org', 'imap')
  await open.remember('192.168.1.1', 'jo@example.org', 'imap')
  expect(await open.of('127.0.0.1')).toEqual(['jo@example.org'])
  expect(await open.of('192.168.1.1')).toEqual([])
  clock.advance(minute)
  expect(await open.of('127.0.0.1')).toEqual([])
})

test('those behind one address are all known, the latest first', async () => {
  await logins().remember('192.0.2.7', 'jo@example.org', 'imap')
  clock.advance(1)
  await logins().remember('192.0.2.7', 'anna@example.org', 'imap')
  expect(await logins().of('192.0.2.7')).toEqual(['anna@example.org', 'jo@example.org'])
})

test('one account opens a hundred networks at most, the latest ones', async () => {
  for (let number = 0; number < 130; number++) {
    clock.advance(1)
    await logins().remember(`192.0.2.${number}`, 'jo@example.org', 'imap')
  }
  expect(await logins().list()).toHaveLength(100)
  expect(await logins().of('192.0.2.129')).toEqual(['jo@example.org'])
  expect(await logins().of('192.0.2.29')).toEqual([])
})

test('a login that no address can be is not kept', async () => {
  await logins().remember('192.0.2.7', 'x'.repeat(321), 'dovecot')
  expect(await logins().list()).toEqual([])
  await logins().remember('192.0.2.7', `"'; drop table x; --ü"`, 'dovecot')
  expect(await logins().of('192.0.2.7')).toEqual([`"'; drop table x; --ü"`])
})

test('many logins at the same time are one row each, while others expire', async () => {
  for (let number = 0; number < 30; number++)
    await logins().remember(`192.0.2.${number}`, `old${number}@example.org`, 'imap')
  clock.advance(10 * minute)
  const all = Array.from({ length: 30 }, (_, number) =>
    logins().remember('192.0.2.7', `u${number % 3}@example.org`, 'imap'),
  )
  await Promise.all(all)
  const open = (await logins().list()).map(({ login }) => login)
  expect(open.sort()).toEqual([0, 1, 2].map((number) => `u${number}@example.org`))
})

describe('revoke', () => {
  const revoke = async (what: string) => {
    const command = host.host.commands.find(({ name }) => name === 'pop-before-smtp revoke')
    return await command?.run({ arguments: [what], options: {} })
  }

  beforeEach(async () => {
    await logins().remember('203.0.113.7', 'Jo@Bücher.Example', 'dovecot')
    await logins().remember('203.0.113.7', 'anna@example.org', 'imap')
    await logins().remember('2001:db8:9:9::7', 'jo@bücher.example', 'imap')
  })

  test.each([
    ['203.0.113.7', 2],
    ['203.0.113.7/32', 2],
    ['::ffff:203.0.113.7', 2],
    ['203.0.113.0/24', 2],
    ['2001:db8:9:9::8', 1],
    ['2001:db8:9:9:0:0:0:0/64', 1],
    ['2001:db8:9::/48', 1],
    ['2001:DB8:9:9::7/128', 1],
    ['JO@BÜCHER.example', 2],
    ['jo@xn--bcher-kva.example', 2],
    ['Anna+phone@Example.org', 1],
    [' ANNA@example.org ', 1],
    ['all', 3],
  ])('%s closes what is meant', async (what, revoked) => {
    expect(await revoke(what)).toEqual({ json: { revoked }, text: `revoked ${revoked}` })
    expect(await logins().list()).toHaveLength(3 - revoked)
  })

  test.each(['203.0.113.8', 'nonsense', 'jo@example.org', '198.51.100.0/24'])(
    '%s, for which nothing is open, is no success',
    async (what) => {
      expect(await revoke(what)).toMatchObject({ json: { revoked: 0 }, exitCode: 1 })
      expect(await logins().list()).toHaveLength(3)
    },
  )

  test.each(['', '203.0.113.7/24', '203.0.113.7/33'])('%j is wrong use', async (what) => {
    await expect(revoke(what)).rejects.toThrow(UsageError)
  })
})

test('what a clock wrote that was ahead opens nothing, and goes', async () => {
  clock.advance(365 * 24 * 60 * minute)
  await logins().remember('192.0.2.7', 'jo@example.org', 'imap')
  clock = fakeClock()
  expect(await logins().of('192.0.2.7')).toEqual([])
  expect(await logins().list()).toEqual([])
  await logins().remember('192.0.2.8', 'jo@example.org', 'imap')
  await logins().clean(signal)
  const rows = await host.service(database).query((knex) => knex('pop_before_smtp_logins').select('network'))
  expect(rows).toEqual([{ network: '192.0.2.8' }])
})

test('a login waits for no cleaning, which goes through no whole table', async () => {
  const tables = host.service(database)
  for (let number = 0; number < 20; number++)
    await logins().remember(`192.0.2.${number}`, `u${number}@example.org`, 'imap')
  clock.advance(10 * minute)
  await logins().remember('192.0.2.99', 'jo@example.org', 'imap')
  const left = async () => (await tables.query((knex) => knex('pop_before_smtp_logins').select())).length
  expect(await left()).toBe(21)
  expect(await slowStatements(tables, () => logins().clean(signal))).toEqual([])
  expect(await left()).toBe(1)
})

test('nobody is open while the database is away', async () => {
  const back = base.takeAway()
  await expect(logins().of('192.0.2.7')).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  back()
})
