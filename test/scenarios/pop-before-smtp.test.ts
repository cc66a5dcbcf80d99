import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accounts, type Database, database } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import imap from 'mailwright/plugins/imap'
import popBeforeSmtp, { type PopBeforeSmtpInput } from 'mailwright/plugins/pop-before-smtp'
import pop3 from 'mailwright/plugins/pop3'
import type { RelayInput } from 'mailwright/plugins/relay'
import { type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../support/database-under-test.ts'
import { readText } from '../support/project-files.ts'
import { ask, password, type RelaySystem, startRelaySystem, transact } from '../support/smtp/relay-system.ts'

// A client's address and its neighbour's. Both are of this machine, where logins open nothing unless that is asked for.
const [home, neighbour] = ['127.0.0.5', '127.0.0.6']
const victim = '<someone@foreign.example>'

let base: DatabaseUnderTest
let clock: FakeClock
let folder: string
const systems: RelaySystem[] = []

beforeEach(async () => {
  base = await databaseUnderTest()
  clock = fakeClock()
  folder = await mkdtemp(join(tmpdir(), 'mailwright-pop-'))
})

afterEach(async () => {
  for (const system of systems.splice(0)) await system[Symbol.asyncDispose]()
  await base[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function start(options: PopBeforeSmtpInput = {}, relay: RelayInput = {}): Promise<RelaySystem> {
  const system = await startRelaySystem({
    clock,
    relay,
    plugins: [
      databasePlugin(base.options),
      popBeforeSmtp({ exclude: [], ...options }),
      pop3({ port: 0, allowPlaintextLogin: true }),
      imap({ port: 0, allowPlaintextLogin: true }),
    ],
  })
  systems.push(system)
  return system
}

interface Login {
  readonly from?: string
  readonly user?: string
  readonly secret?: string
  readonly tls?: boolean
}

async function byPop3(system: RelaySystem, login: Login = {}): Promise<string> {
  const { from = home, user = 'jo@here.example', secret = password, tls = true } = login
  let wire = await system.client('pop3', from)
  if (tls) {
    await ask(wire, 'STLS')
    wire = await wire.secure()
  }
  await ask(wire, `USER ${user}`)
  const answer = await ask(wire, `PASS ${secret}`)
  wire.socket.destroy()
  return answer
}

async function byImap(system: RelaySystem, from = home): Promise<void> {
  const wire = await system.client('imap', from)
  await ask(wire, 'a STARTTLS')
  const secure = await wire.secure()
  secure.send(`b LOGIN jo@here.example "${password}"\r\n`)
  await secure.until('b OK')
  secure.socket.destroy()
}

/** The replies to MAIL, RCPT and the message. */
async function send(
  system: RelaySystem,
  mail = '<jo@here.example>',
  { from = home, listener = 'transfer', to = victim } = {},
): Promise<readonly string[]> {
  const wire = await system.client(listener, from)
  await ask(wire, 'EHLO client.example')
  const replies = await transact(wire, mail, [to])
  wire.socket.destroy()
  return replies
}

const done = ['250 2.1.0', '250 2.1.5', '250 2.0.0']
const refused = ['250 2.1.0', '550 5.7.1', '554 5.5.1']

describe('a login', () => {
  test.each([
    ['POP3', byPop3],
    ['IMAP', byImap],
  ] as const)('by %s opens relaying for its address, for ten minutes', async (_, logIn) => {
    const system = await start()
    expect(await send(system)).toEqual(refused)
    await logIn(system)
    expect(await send(system)).toEqual(done)
    expect(await send(system, '<jo@here.example>', { from: neighbour })).toEqual(refused)
    clock.advance(599_999)
    expect(await send(system)).toEqual(done)
    clock.advance(1)
    expect(await send(system)).toEqual(refused)
    expect(system.sent).toHaveLength(2)
    const [entry] = await system.host.history({ text: 'relay after a login of jo@here.example' })
    expect(entry).toMatchObject({ by: 'pop-before-smtp/recent-login' })
  })

  test('lets addresses of others go on as they are written', async () => {
    const system = await start()
    const to = '<someone%else.example@foreign.example>'
    expect(await send(system, '<jo@here.example>', { to })).toEqual(refused)
    await byPop3(system)
    expect(await send(system, '<jo@here.example>', { to })).toEqual(done)
    expect(system.sent).toMatchObject([{ to: 'someone%else.example@foreign.example' }])
  })

  test('names no path through the hosts behind us', async () => {
    const system = await start({}, { backupMxFor: ['backup.example'] })
    await byImap(system)
    const to = '<someone%far.example@backup.example>'
    expect(await send(system, '<stranger@far.example>', { to })).toEqual(refused)
    expect(await send(system, '<stranger@far.example>', { to: '<someone@backup.example>' })).toEqual(done)
    expect(system.sent).toMatchObject([{ to: 'someone@backup.example' }])
  })

  test('that fails opens nothing', async () => {
    const system = await start()
    let answer: string | undefined
    const login = byPop3(system, { secret: 'wrong' }).then((text) => {
      answer = text
    })
    // The answer is late on purpose.
    await vi.waitFor(() => {
      clock.advance(1000)
      expect(answer).toMatch(/^-ERR/)
    })
    await login
    expect(await send(system)).toEqual(refused)
  })

  test('in clear counts only where that is asked for', async () => {
    const system = await start()
    expect(await byPop3(system, { tls: false })).toMatch(/^\+OK/)
    expect(await send(system)).toEqual(refused)
    const careless = await start({ requireTls: false })
    await byPop3(careless, { tls: false })
    expect(await send(careless)).toEqual(done)
  })

  test('from an address that many share opens nothing', async () => {
    const system = await start({ exclude: ['127.0.0.0/8'] })
    await byPop3(system)
    expect(await send(system)).toEqual(refused)
  })

  test('opens the account’s own addresses only', async () => {
    const system = await start()
    await byPop3(system)
    for (const mail of ['<info@here.example>', '<jo+x@here.example>', '<any@caught.example>'])
      expect(await send(system, mail)).toEqual(done)
    for (const mail of ['<anna@here.example>', '<x@foreign.example>', '<>', '<jo@foreign.example>'])
      expect(await send(system, mail)).toEqual(refused)
    await byPop3(system, { user: 'anna@here.example' })
    expect(await send(system, '<anna@here.example>')).toEqual(done)
    expect(await send(system, '<jo@here.example>')).toEqual(done)
    const careless = await start({ ownSender: false })
    expect(await send(careless, '<x@foreign.example>')).toEqual(done)
  })

  test('does not count any more where the account is disabled or gone', async () => {
    const system = await start({ ownSender: false })
    await byPop3(system)
    await byPop3(system, { user: 'anna@here.example', from: neighbour })
    const { administration } = system.host.service(accounts)
    await administration?.setDisabled({ localPart: 'jo', domain: 'here.example' }, true)
    await administration?.removeAccount({ localPart: 'anna', domain: 'here.example' })
    expect(await send(system, '<x@foreign.example>')).toEqual(refused)
    expect(await send(system, '<x@foreign.example>', { from: neighbour })).toEqual(refused)
  })

  test('opens submission without a login only where that is asked for', async () => {
    const system = await start()
    await byPop3(system)
    const listener = 'open-submission'
    expect(await send(system, '<jo@here.example>', { listener })).toEqual(refused)
    const open = await start({ submission: true })
    expect(await send(open, '<jo@here.example>', { listener })).toEqual(done)
    // Where users log in they still have to.
    expect((await send(open, '<jo@here.example>', { listener: 'submission' }))[0]).toBe('530 5.7.0')
  })

  test('is known to other processes, and after a restart', async () => {
    const [one, other] = [await start(), await start()]
    await byPop3(one)
    expect(await send(other)).toEqual(done)
    for (const system of systems.splice(0)) await system[Symbol.asyncDispose]()
    expect(await send(await start())).toEqual(done)
  })
})

describe('what fails is never a yes', () => {
  test('a database that is away is 451 for others’ recipients, and nothing to ours', async () => {
    const system = await start()
    await byPop3(system)
    const back = base.takeAway()
    expect((await send(system))[1]).toBe('451 4.3.0')
    const wire = await system.client('transfer', home)
    await ask(wire, 'EHLO client.example')
    expect((await transact(wire, '<>', ['<jo@here.example>'])).at(-1)).toBe('250 2.0.0')
    // A login goes on without being remembered.
    expect(await byPop3(system, { from: neighbour })).toMatch(/^\+OK/)
    back()
    await vi.waitFor(async () => {
      expect(await send(system, '<jo@here.example>', { from: neighbour })).toEqual(refused)
    })
  })

  test('accounts that are away are 451', async () => {
    const system = await start()
    await byPop3(system)
    system.breakAccounts()
    expect((await send(system))[1]).toBe('451 4.3.0')
  })
})

describe('commands', () => {
  async function command(system: RelaySystem, name: string, ...words: string[]): Promise<unknown> {
    const found = system.host.host.commands.find((each) => each.name === `pop-before-smtp ${name}`)
    return (await found?.run({ arguments: words, options: {} }))?.json
  }

  test('list who is open, and close', async () => {
    const system = await start()
    await byPop3(system)
    await byImap(system, neighbour)
    expect(await command(system, 'list')).toMatchObject([
      { login: 'jo@here.example', until: '2026-01-01T00:10:00.000Z' },
      { login: 'jo@here.example' },
    ])
    expect(await command(system, 'revoke', home)).toEqual({ revoked: 1 })
    expect(await send(system)).toEqual(refused)
    expect(await command(system, 'list')).toMatchObject([{ network: neighbour, source: 'imap' }])
    expect(await command(system, 'revoke', 'all')).toEqual({ revoked: 1 })
    expect(await send(system, '<jo@here.example>', { from: neighbour })).toEqual(refused)
  })
})

describe('logs of other servers', () => {
  const dovecot = (user: string, rip: string, tls = ', TLS') =>
    `Nov 29 13:02:22 imap-login: Info: Login: user=<${user}>, method=PLAIN, rip=${rip}, lip=192.0.2.1, mpid=1${tls}, session=<a>\n`

  async function opened(system: RelaySystem, expected: readonly string[]): Promise<void> {
    const tables: Database = system.host.service(database)
    await vi.waitFor(async () => {
      clock.advance(1000)
      const rows = await tables.query((knex) => knex('pop_before_smtp_logins').select('network', 'login'))
      expect(rows.map(({ network, login }) => `${network} ${login}`).sort()).toEqual(expected)
    })
  }

  test('open relaying too, for the names that they have', async () => {
    const path = join(folder, 'mail.log')
    await writeFile(path, dovecot('old@here.example', home))
    const system = await start({ logs: [{ path, format: 'dovecot', domain: 'other.example' }] })
    await appendFile(path, dovecot('jo@here.example', home) + dovecot('sue', home))
    await opened(system, [`${home} jo@here.example`, `${home} sue@other.example`])
    expect(await send(system, '<info@here.example>')).toEqual(done)
    expect(await send(system, '<Sue@other.example>')).toEqual(done)
    expect(await send(system, '<tom@other.example>')).toEqual(refused)
    expect(await send(system, '<sue@here.example>')).toEqual(refused)
  })

  test('count under TLS, as the line says or as the config does', async () => {
    const [one, other] = [join(folder, 'one.log'), join(folder, 'other.log')]
    await writeFile(one, '')
    await writeFile(other, '')
    const system = await start({
      logs: [
        { path: one, format: 'dovecot' },
        { path: other, format: 'courier', alwaysTls: true },
      ],
    })
    await appendFile(one, dovecot('jo@here.example', home, ''))
    const line = (user: string) => `May 19 00:20:34 mail imapd: LOGIN, user=${user}, ip=[::ffff:${neighbour}]`
    const forged = line(`x, ip=[1.2.3.4], protocol=IMAP`)
    await appendFile(other, `${forged}\n${line('anna@here.example')}, port=[1], protocol=IMAP\n`)
    await opened(system, [`${neighbour} anna@here.example`])
    expect(await send(system, '<anna@here.example>', { from: neighbour })).toEqual(done)
  })
})

test('the tutorial shows the plugin as it is', () => {
  expect(readText('docs/writing-a-plugin.md')).toContain(readText('plugins/pop-before-smtp/index.ts'))
})
