import {
  type Account,
  accounts,
  type Clock,
  createLog,
  database,
  definePlugin,
  noOptions,
  type PluginInstance,
  reply,
  type SendingLimit,
  type SessionFlow,
  type SessionRole,
  systemClock,
  UsageError,
} from 'mailwright'
import accountsSql from 'mailwright/plugins/accounts-sql'
import aliases from 'mailwright/plugins/aliases'
import databasePlugin from 'mailwright/plugins/database'
import rateLimits, { type RateLimitsInput } from 'mailwright/plugins/rate-limits'
import {
  addressOf,
  createTestHost,
  type FakeClock,
  fakeClock,
  faultyDatabase,
  type TestHost,
} from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { AccountCounts } from './account-counts.ts'
import { rateCommands } from './commands.ts'
import { MemoryCounts } from './memory-counts.ts'
import { parseOptions } from './options.ts'

let base: DatabaseUnderTest
let clock: FakeClock
let hosts: TestHost[] = []

beforeEach(async () => {
  base = await databaseUnderTest()
  clock = fakeClock(Date.UTC(2026, 0, 1))
})

afterEach(async () => {
  for (const host of hosts) await host.stop()
  hosts = []
  await base[Symbol.asyncDispose]()
})

async function start(
  options: RateLimitsInput,
  time: Clock = clock,
  others: readonly PluginInstance[] = [],
): Promise<TestHost> {
  const host = await createTestHost({
    plugins: [databasePlugin(base.options), accountsSql(), rateLimits(options), ...others],
    clock: time,
  })
  hosts.push(host)
  return host
}

function open(host: TestHost, address = '198.51.100.7', role: SessionRole = 'transfer'): SessionFlow {
  return host.flow.openSession({
    role,
    local: { address: '192.0.2.1', port: 25 },
    remote: { address, port: 40_000 },
  })
}

async function connect(session: SessionFlow): Promise<string> {
  const refused = await session.connect()
  return refused === undefined ? 'go on' : `${refused.code} ${refused.lines.join()}`
}

const passed = 'We do not take mail for that address'

/** One message for some recipients, none of whom anybody takes; answers how each command was answered. */
async function send(session: SessionFlow, to: readonly string[], sender = 'sender@elsewhere.example') {
  const mail = await session.mail(sender === '' ? null : addressOf(sender))
  if (!mail.ok) return [`${mail.reply.code} ${mail.reply.lines.join()}`]
  const answers = ['go on']
  for (const recipient of to) {
    const { code, lines } = await mail.transaction.recipient(addressOf(recipient))
    answers.push(lines.join() === passed ? 'go on' : `${code} ${lines.join()}`)
  }
  return answers
}

const there = 'x@elsewhere.example'

describe('a client', () => {
  const transfer = { roles: ['transfer'] } as const

  it('may have so many connections at the same time, of one network and role', async () => {
    const host = await start({ clients: [{ ...transfer, connections: 2 }] })
    const [one, two, three] = [open(host), open(host), open(host)]
    expect([await connect(one), await connect(two)]).toEqual(['go on', 'go on'])
    expect(await connect(three)).toBe(
      '421 At most 2 connections at the same time from your network; try again later',
    )
    three.close()
    expect(await connect(open(host, '198.51.100.8'))).toBe('go on')
    expect(await connect(open(host, '198.51.100.7', 'imap'))).toBe('go on')
    expect(await connect(open(host, '127.0.0.1'))).toBe('go on')
    two.close()
    await expect.poll(() => connect(open(host))).toBe('go on')
    expect(host.log.lines.filter(({ event }) => event === 'limit-reached')).toHaveLength(1)
  })

  it('is not limited at listeners that there are none of, and a warning says so', async () => {
    const host = await start({ clients: [{ roles: ['mail-cuont'], connections: 2 }] })
    expect(host.host.warnings).toEqual(['rate-limits: `clients`: no listener has the role "mail-cuont"'])
  })

  it('may connect so often', async () => {
    const host = await start({ clients: [{ ...transfer, connectionRate: '3/1m' }] })
    const answers: string[] = []
    for (let time = 0; time < 4; time++) answers.push(await connect(open(host)))
    expect(answers).toEqual([
      'go on',
      'go on',
      'go on',
      '421 Too many connections from your network; try again in 80 seconds',
    ])
    clock.advance(80_000)
    expect(await connect(open(host))).toBe('go on')
  })

  it('may send so many messages, to so many recipients', async () => {
    const host = await start({ clients: [{ ...transfer, messages: '2/1m', recipients: '3/1m' }] })
    const session = open(host)
    expect(await send(session, [there, there])).toEqual(['go on', 'go on', 'go on'])
    const over = /^450 Too many recipients from your network; try again in \d+ seconds$/
    expect(await send(session, [there, there])).toEqual(['go on', 'go on', expect.stringMatching(over)])
    const many = /^450 Too many messages from your network/
    expect(await send(session, [there])).toEqual([expect.stringMatching(many)])
    expect(await send(open(host, '2001:db8::1'), [there])).toEqual(['go on', 'go on'])
  })

  it('has its counts and connections still after a reload', async () => {
    const kept = new Map<string, unknown>()
    const clients = [{ ...transfer, connections: 2, connectionRate: '4/1m' }]
    const reloaded = async () => {
      const host = await createTestHost({ plugins: [rateLimits({ clients })], clock, kept })
      hosts.push(host)
      return host
    }
    const old = await reloaded()
    const [one, two] = [open(old), open(old)]
    expect([await connect(one), await connect(two)]).toEqual(['go on', 'go on'])
    const next = await reloaded()
    expect(await connect(open(next))).toMatch(/^421 At most 2 connections/)
    for (const session of [one, two]) session.close()
    const again = async () => {
      const session = open(next)
      const answer = await connect(session)
      session.close()
      return answer
    }
    await expect.poll(again).toBe('go on')
    await expect.poll(again).toBe('go on')
    await expect.poll(again).toMatch(/^421 Too many connections from your network/)
  })

  it('may not guess at addresses', async () => {
    const host = await start({ clients: [{ ...transfer, unknownRecipients: '3/10m' }] })
    const { administration } = host.service(accounts)
    await administration?.addDomain('example.org')
    await administration?.addAccount({ address: addressOf('jo@example.org') })
    const session = open(host)
    await send(session, ['jo@example.org', there, 'a@example.org'])
    await send(session, ['b@example.org', there])
    await send(session, ['c@example.org'])
    const over = /^421 Too many unknown recipients from your network; try again in \d+ minutes$/
    expect(await send(session, [there])).toEqual([expect.stringMatching(over)])
    expect(await connect(open(host))).toMatch(over)
    expect(await connect(open(host, '198.51.100.8'))).toBe('go on')
    clock.advance(20 * 60_000)
    expect(await connect(open(host))).toBe('go on')
  })

  it('guesses at nothing with addresses that only other plugins know, whatever they are refused for', async () => {
    const later = definePlugin({
      name: 'later',
      parseOptions: noOptions,
      setup({ hooks }) {
        hooks.envelope.checkRecipient.tap('later', async () => reply(451, '4.7.1', 'Come again'))
      },
    })
    const virtual = {
      'info@example.org': '/dev/null',
      'lost@example.org': 'nobody@example.org',
      '@old.example': '@example.org',
    }
    const host = await start({ clients: [{ ...transfer, unknownRecipients: '2/10m' }] }, clock, [
      aliases({ virtual: [virtual] }),
      later(),
    ])
    for (const domain of ['example.org', 'old.example'])
      await host.service(accounts).administration?.addDomain(domain)
    const session = open(host)
    const asked = ['info@example.org', 'lost@example.org', 'info@old.example', 'lost@example.org', there]
    expect(await send(session, asked)).toEqual(['go on', ...asked.map(() => '451 Come again')])
    // An alias of a whole domain has no addresses of its own.
    const guessed = ['nobody@example.org', 'nobody@old.example']
    expect(await send(session, guessed)).toEqual(['go on', ...guessed.map(() => '451 Come again')])
    expect(await send(session, [there])).toEqual([expect.stringMatching(/^421/)])
  })

  it('may not guess with one recipient a connection either', async () => {
    const host = await start({ clients: [{ ...transfer, unknownRecipients: '2/10m' }] })
    await host.service(accounts).administration?.addDomain('example.org')
    for (const name of ['a', 'b']) {
      const session = open(host)
      await send(session, [`${name}@example.org`])
      session.close()
    }
    await expect.poll(() => connect(open(host))).toMatch(/^421/)
  })
})

describe('senders and recipients', () => {
  it('have limits of their own where the options say so', async () => {
    const host = await start({
      senders: { by: 'domain', messages: '2/1m' },
      recipientAddresses: '3/1m',
    })
    const session = open(host)
    expect(await send(session, ['a@elsewhere.example'], 'one@sender.example')).toEqual(['go on', 'go on'])
    expect(await send(session, ['A@elsewhere.example'], 'two@sender.example')).toEqual(['go on', 'go on'])
    expect(await send(session, [], 'three@sender.example')).toEqual([
      expect.stringMatching(/^450 Too many messages of this sender/),
    ])
    expect(
      await send(session, ['a@elsewhere.example', 'a@elsewhere.example', 'b@elsewhere.example'], ''),
    ).toEqual(['go on', 'go on', expect.stringMatching(/^450 Too many messages for this recipient/), 'go on'])
  })
})

describe('an account', () => {
  const limits: RateLimitsInput = { accounts: { messages: '5/1h', recipients: ['3/1h', '4/1d'] } }

  async function logIn(host: TestHost, login = 'jo', sendingLimit?: SendingLimit): Promise<SessionFlow> {
    const { administration } = host.service(accounts)
    await administration?.addDomain('example.org').catch(() => undefined)
    const account = { address: addressOf(`${login}@example.org`), password: 'secret' }
    await administration
      ?.addAccount({ ...account, ...(sendingLimit === undefined ? {} : { sendingLimit }) })
      .catch(() => undefined)
    const session = open(host, '127.0.0.1', 'submission')
    const result = await session.login({ mechanism: 'PLAIN', login: `${login}@example.org` }, 'secret')
    expect(result.ok).toBe(true)
    return session
  }

  const over = expect.stringMatching(/^450 This account has sent to too many recipients; try again in /)

  it('may send so much, over all processes and restarts', async () => {
    const [one, other] = [await start(limits), await start(limits)]
    expect(await send(await logIn(one), [there, there])).toEqual(['go on', 'go on', 'go on'])
    expect(await send(await logIn(other), [there, there])).toEqual(['go on', 'go on', over])
    expect(await send(await logIn(other, 'kim'), [there])).toEqual(['go on', 'go on'])
    await one.stop()
    const again = await start(limits)
    expect(await send(await logIn(again), [there])).toEqual(['go on', over])
    clock.advance(2 * 3_600_000)
    expect(await send(await logIn(again), [there, there])).toEqual(['go on', 'go on', over])
  })

  it('that has a sending limit has no other', async () => {
    const host = await start(limits)
    const session = await logIn(host, 'news', { recipients: 100, perSeconds: 60 })
    for (let time = 0; time < 10; time++) expect(await send(session, [there])).toEqual(['go on', 'go on'])
  })

  it('is counted exactly when many of its sessions send at once, in several processes', async () => {
    // The database waits for its turns by the machine's clock.
    const [one, other] = [await start(limits, systemClock), await start(limits, systemClock)]
    const sessions = [await logIn(one), await logIn(one), await logIn(other), await logIn(other)]
    const answers = await Promise.all(sessions.map((session) => send(session, [there, there])))
    expect(answers.flat().filter((answer) => answer.startsWith('450'))).toHaveLength(5)
  })

  it('is counted in memory while the database is away', async () => {
    const { database: tables, memory, account } = await apart()
    const counts = new AccountCounts(tables.database, memory, { clock, log: createLog('silent') })
    const rates = [{ most: 2, per: 60_000 }]
    const take = () => counts.take(account, 'messages', rates)
    expect(await take()).toBe(0)
    const giveBack = tables.fail({ times: 1000 })
    expect([await take(), await take()]).toEqual([0, 0])
    expect(await take()).toBeGreaterThan(0)
    giveBack()
    expect(await take()).toBe(0)
    expect(await take()).toBeGreaterThan(0)
  })

  async function apart() {
    const host = await start(limits)
    const account: Account = { id: 'jo', address: addressOf('jo@example.org') }
    return {
      database: faultyDatabase(host.service(database)),
      memory: new MemoryCounts(clock, 1000),
      account,
    }
  }

  it('is shown and reset by commands', async () => {
    const host = await start(limits)
    await send(await logIn(host), [there, there, there])
    const commands = rateCommands({ database: host.service(database), clock, options: parseOptions(limits) })
    const [show, reset] = commands
    if (show === undefined || reset === undefined) throw new Error('no commands')
    const run = (command: typeof show, ...words: string[]) => command.run({ arguments: words, options: {} })
    expect((await run(show)).text).toMatch(
      /^jo@example\.org {2}3 recipients of 3\/1h, no more until .*\njo@example\.org {2}3 recipients of 4\/1d\njo@example\.org {2}1 messages of 5\/1h$/,
    )
    expect((await run(show, 'kim@example.org')).json).toEqual([])
    expect(await run(reset, 'kim@example.org')).toMatchObject({ exitCode: 1 })
    await run(reset, 'Jo@example.org')
    expect(await send(await logIn(host), [there])).toEqual(['go on', 'go on'])
    const without = rateCommands({ database: undefined, clock, options: parseOptions(limits) })
    for (const command of without) await expect(run(command, 'jo')).rejects.toThrow('in the memory')
  })

  it('is found by commands in any spelling of its address', async () => {
    const { database: tables, memory } = await apart()
    const counts = new AccountCounts(tables.database, memory, { clock, log: createLog('silent') })
    const account: Account = { id: 'jo', address: addressOf('Jo@bücher.example') }
    await counts.take(account, 'messages', [{ most: 5, per: 3_600_000 }])
    const [show, reset] = rateCommands({ database: tables.database, clock, options: parseOptions(limits) })
    const run = (command: typeof show, word: string) => command?.run({ arguments: [word], options: {} })
    expect((await run(show, 'jo@BÜCHER.example'))?.json).toMatchObject([
      { account: 'jo@xn--bcher-kva.example' },
    ])
    for (const wrong of ['notanaddress', ''])
      for (const command of [show, reset]) await expect(run(command, wrong)).rejects.toThrow(UsageError)
    expect((await run(reset, 'JO@bücher.example'))?.json).toEqual({ forgotten: 1 })
  })

  it('is not held to what a clock has counted that was ahead, which goes', async () => {
    const { database: tables, memory, account } = await apart()
    const later = fakeClock(Date.UTC(2027, 0, 1))
    const rates = [{ most: 1, per: 3_600_000 }]
    const counts = (time: Clock) =>
      new AccountCounts(tables.database, memory, { clock: time, log: createLog('silent') })
    const kim: Account = { id: 'kim', address: addressOf('kim@example.org') }
    for (const who of [account, kim]) await counts(later).take(who, 'messages', rates)
    expect(await counts(later).take(account, 'messages', rates)).toBeGreaterThan(0)
    expect(await counts(clock).take(account, 'messages', rates)).toBe(0)
    await counts(clock).clean(rates)
    const rows = await tables.database.query((knex) => knex('rate_counts').select('account'))
    expect(rows).toEqual([{ account: 'jo@example.org' }])
  })
})
