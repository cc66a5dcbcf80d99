import localDelivery from 'mailwright/plugins/local-delivery'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import queue from 'mailwright/plugins/queue'
import rateLimits, { type RateLimitsInput } from 'mailwright/plugins/rate-limits'
import smtp from 'mailwright/plugins/smtp'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers/peers.ts'
import { runProcess } from '../support/run-process.ts'
import { type Wire, wireTo } from '../support/wire.ts'

// The limits as clients meet them at real listeners.

const login = 'jo@example.org'
const password = 'Correct-horse-1'
let host: TestHost

afterEach(() => host.stop())

async function start(options: RateLimitsInput): Promise<void> {
  host = await createTestHost({
    sockets: true,
    plugins: [
      memoryAccounts({ accounts: [{ address: login, password }] }),
      memoryStore(),
      rateLimits({ exempt: [], ...options }),
      localDelivery(),
      queue(),
      smtp({ role: 'transfer', port: 0 }, { as: 'transfer' }),
      smtp({ role: 'submission', port: 0, allowPlaintextAuth: true }, { as: 'submission' }),
      pop3({ port: 0, allowPlaintextLogin: true }),
    ],
  })
}

function connect(plugin = 'transfer'): Wire {
  return wireTo(portOf(plugin))
}

function portOf(name: string): number {
  return host.listeners.find(({ plugin }) => plugin === name)?.port ?? 0
}

async function greeted(plugin = 'transfer'): Promise<Wire> {
  const wire = connect(plugin)
  expect(await wire.line()).toMatch(/^220/)
  await wire.ask('HELO client.example')
  return wire
}

describe('at SMTP and POP3', () => {
  test('one connection too many is closed with 421, and one that ends makes room', async () => {
    await start({
      clients: [
        { roles: ['transfer'], connections: 2 },
        { roles: ['pop3'], connectionRate: '1/1h' },
      ],
    })
    const [one] = [await greeted(), await greeted()]
    expect(await connect().rest()).toBe(
      '421 4.7.0 At most 2 connections at the same time from your network; try again later\r\n',
    )
    await one.ask('QUIT')
    await expect.poll(async () => await connect().line(), { timeout: 10_000 }).toMatch(/^220/)
    expect(await connect('pop3').line()).toMatch(/^\+OK/)
    expect(await connect('pop3').rest()).toMatch(
      /^-ERR \[SYS\/TEMP\] Too many connections from your network; try again in \d+ (?:minutes|hours)\r\n$/,
    )
  })

  test('messages and recipients beyond the rate get 450, and the session goes on', async () => {
    await start({ clients: [{ roles: ['transfer'], messages: '2/1h', recipients: '2/1h' }] })
    const wire = await greeted()
    expect(await wire.ask('MAIL FROM:<a@sender.example>')).toMatch(/^250/)
    for (const [detail, answer] of Object.entries({ a: /^250/, b: /^250/, c: /^450 4\.7\.1/ }))
      expect(await wire.ask(`RCPT TO:<jo+${detail}@example.org>`)).toMatch(answer)
    await wire.ask('RSET')
    expect(await wire.ask('MAIL FROM:<a@sender.example>')).toMatch(/^250/)
    await wire.ask('RSET')
    expect(await wire.ask('MAIL FROM:<a@sender.example>')).toMatch(
      /^450 4\.7\.1 Too many messages from your network; try again in /,
    )
    expect(await wire.ask('NOOP')).toMatch(/^250/)
  })

  test('who guesses at addresses is put out, and kept out', async () => {
    await start({})
    const guess = async (name: string): Promise<string> => {
      const wire = await greeted()
      await wire.ask('MAIL FROM:<a@sender.example>')
      const answer = await wire.ask(`RCPT TO:<${name}@example.org>`)
      wire.socket.destroy()
      return answer
    }
    for (let number = 0; number < 30; number++) expect(await guess(`guess${number}`)).toMatch(/^550 5\.1\.1/)
    const over =
      /^421 4\.7\.0 Too many unknown recipients from your network; try again in \d+ (?:seconds|minutes)$/
    await expect.poll(async () => `${await connect().line()}`, { timeout: 10_000 }).toMatch(over)
  })
})

const swaks = requirePeer('swaks')

describe.runIf(swaks.available)(`an account that sends with ${swaks.title}`, () => {
  test('hears how long it has to wait', async () => {
    await start({ accounts: { messages: '2/1h' } })
    const words = ['--server', `127.0.0.1:${portOf('submission')}`, '--from', login, '--to', login]
    const send = async () =>
      await runProcess(
        'swaks',
        [...words, '--auth', 'PLAIN', '--auth-user', login, '--auth-password', password],
        {
          folder: host.dataDir,
        },
      )
    expect((await send()).code).toBe(0)
    expect((await send()).code).toBe(0)
    const third = await send()
    expect(third.code).not.toBe(0)
    expect(third.stdout).toMatch(/450 4\.7\.1 This account has sent too many messages; try again in \d+/)
  })
})
