import {
  type Accounts,
  accounts,
  database,
  definePlugin,
  noOptions,
  type PluginInstance,
  systemClock,
  UnavailableError,
} from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import guardPlugin, { type GuardInput } from 'mailwright/plugins/guard'
import { createTestHost, fakeClock, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { guardCommands } from './commands.ts'
import { parseOptions } from './options.ts'

// Several processes on one database, and a database that is away.

let base: DatabaseUnderTest
let hosts: TestHost[] = []

beforeEach(async () => {
  base = await databaseUnderTest()
})

afterEach(async () => {
  for (const host of hosts) await host.stop()
  hosts = []
  await base[Symbol.asyncDispose]()
})

const quick: GuardInput = { firstDelay: 0, syncEvery: 100 }

/** Everybody has the password `right`; nobody's is hashed. */
function everybody(): PluginInstance {
  const plugin = definePlugin({
    name: 'everybody',
    provides: [accounts],
    parseOptions: noOptions,
    setup({ provide }) {
      const service: Pick<Accounts, 'supports' | 'verify'> = {
        supports: { administration: false, aliases: false, catchAll: false, persistent: false },
        verify: async (login, secret) => {
          if (secret === 'busy') throw new UnavailableError('too busy')
          return secret === 'right'
            ? { ok: true, account: { id: login, address: { localPart: login, domain: 'example.org' } } }
            : { ok: false, reason: 'wrong-secret' }
        },
      }
      provide(accounts, service as Accounts)
    },
  })
  return plugin()
}

async function start(options: GuardInput = {}): Promise<TestHost> {
  const plugins = [databasePlugin(base.options), everybody(), guardPlugin({ ...quick, ...options })]
  const host = await createTestHost({ plugins })
  hosts.push(host)
  return host
}

async function stop(host: TestHost): Promise<void> {
  hosts = hosts.filter((other) => other !== host)
  await host.stop()
}

/** What a client hears: of its connection, or of its login. */
async function tryLogin(host: TestHost, address: string, login: string, secret = 'wrong'): Promise<string> {
  const flow = host.flow.openSession({
    role: 'pop3',
    local: { address: '192.0.2.1', port: 110 },
    remote: { address, port: 40_000 },
  })
  const refused = await flow.connect()
  const result = refused ? undefined : await flow.login({ mechanism: 'USER', login }, secret)
  flow.close()
  if (refused !== undefined) return `refused ${refused.code}`
  return result?.ok === true ? 'in' : `${result?.reply.code}`
}

async function failMany(host: TestHost, address: string, count: number, first = 0): Promise<void> {
  for (let name = first; name < first + count; name++) await tryLogin(host, address, `user${name}`)
}

/** Runs a command in a process that has no guard at work. */
async function run(host: TestHost, name: string, words: string[] = [], flags = {}) {
  const options = parseOptions(quick)
  const commands = guardCommands({ database: host.service(database), clock: systemClock, options })
  const command = commands.find((each) => each.name === name)
  if (command === undefined) throw new Error(`no command ${name}`)
  return await command.run({ arguments: words, options: flags })
}

const address = '198.51.100.7'

describe('processes that share a database', () => {
  it('know of bans that others made, also after a restart, and the history has them', async () => {
    const [one, other] = [await start(), await start()]
    await failMany(one, address, 10)
    // Whoever logs in makes the network a known one: here nobody does.
    await expect.poll(() => tryLogin(other, address, 'jo')).toBe('refused 421')
    const entries = await one.history({ text: 'bans 198.51.100.7/32 for 15 minutes: 10 failed logins' })
    expect(entries).toHaveLength(1)
    expect(one.log.lines.filter(({ event }) => event === 'limit-reached')).toMatchObject([
      { limit: 'failed logins', failures: 10, network: '198.51.100.7/32', times: 1 },
    ])
    await stop(one)
    await stop(other)
    expect(await tryLogin(await start(), address, 'jo', 'right')).toBe('refused 421')
  })

  it('count together', async () => {
    const [one, other] = [await start(), await start()]
    const saved = async (count: number) => {
      const read = async () => {
        const rows = await one
          .service(database)
          .query((knex) => knex('guard_failures').where({ kind: 'network', network: `${address}/32` }))
        return rows[0]?.failures
      }
      await expect.poll(read, { timeout: 10_000 }).toBe(count)
    }
    await failMany(one, address, 4)
    await saved(4)
    await failMany(other, address, 4, 4)
    await saved(8)
    await stop(other)
    const again = await start()
    await failMany(again, address, 1, 8)
    await saved(9)
    // The row may be seen before its process has heard of it. Alone, one name would never be enough.
    await expect.poll(() => tryLogin(again, address, 'user9')).toBe('refused 421')
  })

  it('know from where others have let logins in', async () => {
    const [one, other] = [await start(), await start()]
    expect(await tryLogin(one, address, 'jo', 'right')).toBe('in')
    const known = () => one.service(database).query((knex) => knex('guard_known').select('login', 'network'))
    await expect.poll(known).toEqual(
      expect.arrayContaining([
        { login: 'jo', network: `${address}/32` },
        { login: 'jo@example.org', network: `${address}/32` },
      ]),
    )
    await failMany(other, address, 50)
    expect(await tryLogin(other, address, 'kim', 'right')).toBe('421')
    expect(await tryLogin(other, address, 'jo', 'right')).toBe('in')
  })

  it('remember no more networks of a login than there is room for', async () => {
    const host = await start()
    for (let number = 0; number < 130; number++)
      await tryLogin(host, `198.51.${number}.7`, 'jo@example.org', 'right')
    await stop(host)
    const after = await start()
    const rows = await after.service(database).query((knex) => knex('guard_known').select('login'))
    expect(rows.length).toBeLessThanOrEqual(200)
    expect(rows.length).toBeGreaterThanOrEqual(100)
  })

  it('take a thousand failures at once', async () => {
    const [one, other] = [await start(), await start()]
    const tries = Array.from({ length: 1000 }, (_, number) =>
      tryLogin(number % 2 === 0 ? one : other, `203.0.${number % 250}.${number % 7}`, `user${number % 400}`),
    )
    expect(new Set(await Promise.all(tries)).has('535')).toBe(true)
    expect(await tryLogin(one, '192.0.2.55', 'jo', 'right')).toBe('in')
    await stop(one)
    await stop(other)
    const rows = await (await start()).service(database).query((knex) => knex('guard_failures'))
    expect(rows.length).toBeGreaterThan(500)
    const faults = [one, other].flatMap(({ log }) => log.lines).filter(({ level }) => level === 'error')
    expect(faults).toEqual([])
  })
})

describe('a database that is away', () => {
  it('stops neither mail nor the guard, which saves later what it learnt', async () => {
    const host = await start()
    const giveBack = base.takeAway()
    await failMany(host, address, 10)
    expect(await tryLogin(host, address, 'jo', 'right')).toBe('refused 421')
    expect(await tryLogin(host, '203.0.113.1', 'jo', 'right')).toBe('in')
    const logged = (event: string) => host.log.lines.some((line) => line.event === event)
    await expect.poll(() => logged('unavailable'), { timeout: 60_000 }).toBe(true)
    giveBack()
    await expect.poll(() => logged('recovered'), { timeout: 60_000 }).toBe(true)
    expect(host.log.lines.find(({ event }) => event === 'recovered')?.level).toBe('warn')
    const kept = () => host.service(database).query((knex) => knex('guard_restrictions').select('network'))
    await expect.poll(kept, { timeout: 60_000 }).toEqual([{ network: `${address}/32` }])
  })
})

it('does not count what could not be checked', async () => {
  const host = await start()
  for (let time = 0; time < 30; time++)
    expect(await tryLogin(host, address, `user${time}`, 'busy')).toBe('454')
  expect(await tryLogin(host, address, 'jo', 'right')).toBe('in')
})

it('removes what a clock wrote that was ahead, but no ban of the postmaster', async () => {
  const clock = fakeClock()
  const host = await createTestHost({
    plugins: [databasePlugin(base.options), everybody(), guardPlugin(quick)],
    clock,
  })
  hosts.push(host)
  const later = clock.now() + 365 * 86_400_000
  const [network, subject] = [`${address}/32`, { kind: 'network', login: '' }]
  const ban = { ...subject, network, since: later, times: 1, reason: '', generation: 1 }
  const tables = host.service(database)
  await tables.query(async (knex) => {
    await knex('guard_restrictions').insert([
      { ...ban, id: 'a', ends_at: later + 900_000, made_by: 'guard' },
      { ...ban, id: 'b', ends_at: null, times: 0, made_by: 'postmaster' },
    ])
    await knex('guard_known').insert({ id: 'a', login: 'jo', network, surroundings: network, seen_at: later })
    const failures = { id: 'a', ...subject, network, failures: 9, started_at: later, last_at: later }
    await knex('guard_failures').insert(failures)
  })
  const left = async () => {
    clock.advance(61_000)
    const names = ['guard_restrictions', 'guard_known', 'guard_failures']
    const rows = await Promise.all(names.map((name) => tables.query((knex) => knex(name).select('id'))))
    return rows.flat().map(({ id }) => id)
  }
  await expect.poll(left, { timeout: 60_000 }).toEqual(['b'])
})

describe('a reload without a database', () => {
  it('forgets no failures, no bans and no networks from where logins came', async () => {
    const kept = new Map<string, unknown>()
    const reloaded = async () => {
      const host = await createTestHost({ plugins: [everybody(), guardPlugin(quick)], kept })
      hosts.push(host)
      return host
    }
    const old = await reloaded()
    expect(await tryLogin(old, '203.0.113.5', 'jo', 'right')).toBe('in')
    await failMany(old, '203.0.113.5', 50)
    await failMany(old, address, 9)
    const next = await reloaded()
    await failMany(next, address, 1, 9)
    for (const host of [old, next]) {
      expect(await tryLogin(host, address, 'jo', 'right')).toBe('refused 421')
      expect(await tryLogin(host, '203.0.113.5', 'kim', 'right')).toBe('421')
      expect(await tryLogin(host, '203.0.113.5', 'jo', 'right')).toBe('in')
    }
  })
})

describe('commands', () => {
  it('lift a ban in a running server, and what was counted', async () => {
    const host = await start()
    await failMany(host, address, 10)
    await expect
      .poll(async () => (await run(host, 'guard list')).text)
      .toMatch(/^198\.51\.100\.7\/32 {2}banned until .*, time 1: 10 failed logins$/)
    expect(await run(host, 'guard unban', ['192.0.2.9'])).toMatchObject({ exitCode: 1 })
    expect((await run(host, 'guard unban', [address])).text).toContain('lifted 198.51.100.7/32')
    await expect.poll(() => tryLogin(host, address, 'jo', 'right')).toBe('in')
    expect((await run(host, 'guard list')).text).toBe('nothing is banned, refused or protected')
  })

  it('know an address in every spelling, and a malformed network for wrong use', async () => {
    const host = await start()
    await run(host, 'guard ban', ['2001:db8:1:2::/64'])
    await run(host, 'guard ban', [address])
    for (const spelling of ['[2001:DB8:1:2::7]', '2001:db8:1:2::8', `::ffff:${address}`, `[${address}]`])
      expect((await run(host, 'guard show', [spelling])).json, spelling).toMatchObject({
        restrictions: [{ madeBy: 'postmaster' }],
      })
    for (const wrong of ['198.51.100.7/24', '198.51.100.0/33'])
      for (const name of ['guard unban', 'guard show'])
        await expect(run(host, name, [wrong])).rejects.toThrow('must be')
    await run(host, 'guard unban', ['[2001:db8:1:2::9]'])
    expect((await run(host, 'guard unban', [`::ffff:${address}`])).text).toBe(`lifted ${address}/32`)
  })

  it('lift what holds a login, and everything', async () => {
    const host = await start()
    for (let time = 0; time < 10; time++) await tryLogin(host, address, 'jo')
    expect(await tryLogin(host, address, 'jo', 'right')).toBe('454')
    await expect
      .poll(async () => (await run(host, 'guard list')).text)
      .toMatch(/^jo from 198\.51\.100\.7\/32 {2}refused/)
    await run(host, 'guard unban', ['JO'])
    await expect.poll(() => tryLogin(host, address, 'jo', 'right')).toBe('in')
    await failMany(host, '203.0.113.5', 10)
    await failMany(host, '203.0.113.6', 10)
    await expect.poll(async () => (await run(host, 'guard list')).json).toHaveLength(2)
    await run(host, 'guard unban', ['all'])
    await expect.poll(() => tryLogin(host, '203.0.113.5', 'kim', 'right')).toBe('in')
  })

  it('ban networks, known ones too, until a time or for good', async () => {
    const host = await start()
    expect(await tryLogin(host, address, 'jo', 'right')).toBe('in')
    const made = await run(host, 'guard ban', ['198.51.100.0/24'], { for: '1d', reason: 'abuse' })
    expect(made.text).toMatch(/^198\.51\.100\.0\/24 {2}banned until .*, by the postmaster: abuse$/)
    await expect.poll(() => tryLogin(host, address, 'jo', 'right')).toBe('refused 421')
    await run(host, 'guard ban', ['203.0.113.9'])
    await expect.poll(() => tryLogin(host, '203.0.113.9', 'jo', 'right')).toBe('refused 554')
    expect((await run(host, 'guard list')).json).toMatchObject([
      { network: '203.0.113.9/32', until: null },
      { network: '198.51.100.0/24', reason: 'abuse' },
    ])
    await run(host, 'guard unban', ['198.51.100.0/24'])
    await expect.poll(() => tryLogin(host, address, 'jo', 'right')).toBe('in')
    expect((await run(host, 'guard ban', ['127.0.0.1'])).text).toContain('not banned')
    for (const wrong of [['192.0.2.5/24'], ['example.org'], ['']])
      await expect(run(host, 'guard ban', wrong)).rejects.toThrow()
    await expect(run(host, 'guard ban', ['192.0.2.5'], { for: 'ever' })).rejects.toThrow('no duration')
  })

  it('show what is known of an address and of a login', async () => {
    const host = await start()
    await tryLogin(host, address, 'jo', 'right')
    await failMany(host, address, 2)
    await expect
      .poll(async () => (await run(host, 'guard show', [address])).text)
      .toMatch(/198\.51\.100\.7\/32 {2}2 failed, last at [\s\S]*jo from 198\.51\.100\.7\/32 {2}logged in/)
    expect((await run(host, 'guard show', ['User1'])).json).toMatchObject({
      failures: [
        { kind: 'pair', login: 'user1', failures: 1 },
        { kind: 'login', login: 'user1' },
      ],
      known: [],
    })
    expect((await run(host, 'guard show', ['203.0.113.5'])).text).toBe('nothing is known of that')
    await expect(run(host, 'guard show', ['203.0.113.0/24'])).rejects.toThrow('not a network')
  })

  it('say so where there is no database', async () => {
    const commands = guardCommands({ database: undefined, clock: systemClock, options: parseOptions({}) })
    for (const command of commands)
      await expect(command.run({ arguments: [address], options: {} })).rejects.toThrow('in the memory')
  })
})

it('tells of a role that no listener has', async () => {
  const host = await createTestHost({
    plugins: [everybody(), guardPlugin({ ...quick, roles: ['imap', 'mail-cuont'] })],
  })
  hosts.push(host)
  expect(host.host.warnings).toEqual(['guard: `roles`: no listener has the role "mail-cuont"'])
})
