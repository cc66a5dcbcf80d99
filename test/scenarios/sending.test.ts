import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runCommand } from '../support/command-line.ts'
import { freePort } from '../support/free-port.ts'
import { readMail, sendMail } from '../support/mail.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { type HostScript, type SmtpHost, startSmtpHost } from '../support/smtp/smtp-host.ts'

// A whole server that sends to other hosts, in a process of its own: nothing that it has taken gets lost.

let project: TemporaryProject
let server: ServerProcess | undefined
let hosts: SmtpHost[] = []
let there = 0
let elsewhere = 0

const config = (words: { readonly [name: string]: unknown }) => `import { defineConfig } from 'mailwright'
import database from 'mailwright/plugins/database'
import dsn from 'mailwright/plugins/dsn'
import localDelivery from 'mailwright/plugins/local-delivery'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import queue from 'mailwright/plugins/queue'
import relay from 'mailwright/plugins/relay'
import smtp from 'mailwright/plugins/smtp'
import smtpOut from 'mailwright/plugins/smtp-out'
import transports from 'mailwright/plugins/transports'

export default defineConfig({
  hostname: 'mail.here.example',
  dataDir: 'data',
  plugins: [
    database(),
    memoryAccounts({ accounts: [{ address: 'anna@here.example', password: 'secret' }] }),
    maildir(),
    localDelivery({ postmaster: 'anna@here.example' }),
    transports({ map: ${JSON.stringify({
      'there.example': { to: 'smtp', host: '127.0.0.1', port: there },
      'elsewhere.example': { to: 'smtp', host: '127.0.0.1', port: elsewhere },
      'store.example': { to: 'lmtp', host: '127.0.0.1', port: there },
      'program.example': {
        to: 'pipe',
        command: ['/nowhere/program'],
        // Nothing runs as root.
        ...(process.getuid?.() === 0 ? { user: 'nobody' } : {}),
      },
      'held.here.example': { to: 'hold', text: 'looked at first' },
    })} }),
    relay({ networks: ['127.0.0.1'] }),
    smtpOut(),
    dsn(),
    queue(${JSON.stringify(words)}),
    smtp({ port: 0 }),
    pop3({ port: 0, allowPlaintextLogin: true }),
  ],
})
`

beforeEach(async () => {
  there = await freePort()
  elsewhere = await freePort()
})

afterEach(async () => {
  await server?.stop()
  server = undefined
  for (const host of hosts) await host[Symbol.asyncDispose]()
  hosts = []
  await project[Symbol.asyncDispose]()
})

async function start(queue: { readonly [name: string]: unknown } = {}): Promise<ServerProcess> {
  project = await temporaryProject({ 'mailwright.config.ts': config(queue) })
  server = await startServer(project.folder)
  return server
}

async function host(script: HostScript = {}): Promise<SmtpHost> {
  const started = await startSmtpHost({ port: there, ...script })
  hosts.push(started)
  return started
}

async function send(to: string, subject: string, from = 'anna@here.example'): Promise<string> {
  const text = `From: ${from}\nTo: ${to}\nSubject: ${subject}\n\ntext of ${subject}\n`
  const reply = await sendMail(server?.port('smtp') ?? 0, { from, to, text })
  expect(reply).toMatch(/^250 /)
  return /as (\w+)/.exec(reply ?? '')?.[1] ?? ''
}

const eventually = (check: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(check, { timeout: 60_000, interval: 50 })
const inbox = () => readMail(server?.port('pop3') ?? 0, 'anna@here.example', 'secret')
const command = (...words: readonly string[]) => runCommand(project.folder, words)
const queued = async () => JSON.parse((await command('queue', 'list', '--json')).out) as { items?: unknown[] }

test('a message for another host arrives there, and nothing is left', async () => {
  const mx = await host()
  await start()
  const id = await send('jo@there.example', 'hello')
  await eventually(() => expect(mx.messages).toHaveLength(1))
  expect(mx.messages[0]).toContain(`id ${id}`)
  expect(mx.messages[0]).toContain('text of hello')
  await eventually(async () => expect((await command('queue', 'list')).out).toContain('empty'))
  await eventually(async () => {
    const trace = (await command('trace', id)).out
    expect(trace).toMatch(/delivered .*jo@there\.example/)
    expect(trace).toContain('queued as M1')
  })
})

test('addresses that are longer than RFC 5321 promises, or have dots anywhere, go on', async () => {
  const mx = await host()
  await start()
  const from = `bounce+${'x'.repeat(120)}=there.example@news.example`
  const recipients = [`confirm+${'y'.repeat(200)}@there.example`, 'j..o@there.example', '.jo.@there.example']
  for (const to of recipients) await send(to, 'hello', from)
  await eventually(() => expect(mx.messages).toHaveLength(3))
  const said = mx.said.filter((line) => /^(?:MAIL|RCPT)/.test(line)).map((line) => line.replace(/>.*/, '>'))
  expect(new Set(said)).toEqual(
    new Set([
      `MAIL FROM:<${from}>`,
      `RCPT TO:<${recipients[0]}>`,
      // RFC 5321 §4.1.2: without quotes these would be none.
      'RCPT TO:<"j..o"@there.example>',
      'RCPT TO:<".jo."@there.example>',
    ]),
  )
  const tooLong = await sendMail(server?.port('smtp') ?? 0, {
    from: `${'x'.repeat(257)}@x.example`,
    to: 'a@b.example',
    text: '',
  })
  expect(tooLong).toMatch(/^501 5\.1\.7 .*256 octets/)
})

test('a refused recipient is told to the sender, with what the host said', async () => {
  await host({ answer: (line) => (line.startsWith('RCPT') ? '550 5.1.1 nobody of that name' : undefined) })
  await start()
  const id = await send('jo@there.example', 'hello')
  await eventually(async () => expect(await inbox()).toHaveLength(1))
  const [notification = ''] = await inbox()
  expect(notification).toMatch(/^Return-Path: <>$/m)
  expect(notification).toMatch(/report-type="?delivery-status/)
  expect(notification).toContain('Final-Recipient: rfc822; jo@there.example')
  expect(notification).toContain('Action: failed')
  expect(notification).toContain('5.1.1 nobody of that name')
  expect(notification).toContain('text of hello')
  await eventually(async () => expect((await command('trace', id)).out).toContain('nobody of that name'))
})

test('what was taken outlives a kill, waits for its host, and is flushed', async () => {
  await start({ firstRetry: '1h', longestRetry: '2h' })
  const ids = [await send('jo@there.example', 'one'), await send('jo@there.example', 'two')]
  await eventually(async () => expect((await command('queue', 'list')).out).toMatch(/refused|ECONNREFUSED/i))
  await server?.kill()
  const mx = await host()
  const other = await host({ port: elsewhere })
  server = await startServer(project.folder)
  // It is at work: what has come later has gone already.
  await send('jo@elsewhere.example', 'three')
  await eventually(() => expect(other.messages).toHaveLength(1))
  expect(mx.messages).toEqual([])
  expect((await command('queue', 'flush')).exitCode).toBe(0)
  await eventually(() => expect(mx.messages).toHaveLength(2))
  for (const id of ids) expect(mx.messages.some((message) => message.includes(`id ${id}`))).toBe(true)
  await eventually(async () => expect((await command('queue', 'list')).out).toContain('empty'))
})

test('a host that is away delays nobody else', async () => {
  await start()
  await send('jo@there.example', 'waits')
  const mx = await host({ port: elsewhere })
  await send('jo@elsewhere.example', 'goes')
  await eventually(() => expect(mx.messages).toHaveLength(1))
  expect(JSON.stringify(await queued())).toContain('there.example')
})

test.each([
  ['there.example', 'a host'],
  ['store.example', 'a store'],
  ['program.example', 'a program'],
])('mail for %s: %s that is away is left alone', async (domain) => {
  await start({ firstRetry: '1h', initialPerDestination: 2 })
  for (const subject of ['1', '2', '3', '4', '5', '6']) await send(`jo@${domain}`, subject)
  await eventually(async () => expect((await command('queue', 'stat')).out).toMatch(/ in \d+[hm] /))
  // One message more than it is thought to bear may have been on its way.
  const untried = JSON.stringify(await queued()).match(/"attempts":0\b/g) ?? []
  expect(untried.length).toBeGreaterThanOrEqual(3)
})

test('what is deferred is tried again, and given up after its time', async () => {
  let refusals = 0
  const mx = await host({
    answer(line) {
      if (!line.startsWith('RCPT')) return undefined
      if (line.includes('never')) return '450 4.2.0 greylisted'
      return refusals++ < 1 ? '450 4.2.0 greylisted' : undefined
    },
  })
  await start({ firstRetry: '1s', longestRetry: '2s', lifetime: '6s', delayWarning: '2s' })
  await send('jo@there.example', 'later')
  const id = await send('never@there.example', 'too late')
  await eventually(() => expect(mx.messages).toHaveLength(1))
  expect(mx.messages[0]).toContain('text of later')
  await eventually(async () => expect(await inbox()).toHaveLength(2))
  const told = (await inbox()).join('\n')
  expect(told).toContain('Action: delayed')
  expect(told).toContain('Action: failed')
  expect(told).not.toContain('jo@there.example')
  // Both times, and not that rules against unwanted mail refuse it.
  expect(told.replaceAll(/\s+/g, ' ').match(/does not know only after a while/g)).toHaveLength(2)
  expect(told).not.toContain('does not accept this message')
  // It is written down after it was told.
  await eventually(async () =>
    expect((await command('trace', id)).out).toMatch(/bounced .*: (?:expired, )?greylisted: /),
  )
})

test('held for the postmaster, released, redirected, removed', async () => {
  await start()
  const [one, two] = [await send('jo@there.example', 'one'), await send('jo@there.example', 'two')]
  await eventually(async () => expect((await command('queue', 'list')).out).toContain(two))
  expect((await command('queue', 'hold', one)).exitCode).toBe(0)
  expect((await command('queue', 'redirect', two, 'jo@there.example', 'jo@elsewhere.example')).exitCode).toBe(
    0,
  )
  const mx = await host()
  const other = await host({ port: elsewhere })
  await eventually(() => expect(other.messages).toHaveLength(1))
  expect((await command('queue', 'flush')).exitCode).toBe(0)
  // What has come behind the flush has gone already.
  await send('jo@elsewhere.example', 'three')
  await eventually(() => expect(other.messages).toHaveLength(2))
  expect(mx.messages).toEqual([])
  expect((await command('queue', 'release', one)).exitCode).toBe(0)
  await eventually(() => expect(mx.messages).toHaveLength(1))
})

test('a transport that holds has the postmaster look first', async () => {
  await start({ firstRetry: '1s' })
  const id = await send('jo@held.here.example', 'odd')
  await eventually(async () => {
    const { out } = await command('queue', 'list', '--state', 'held')
    expect(out).toContain(id)
    expect(out).toContain('looked at first')
  })
  await host()
  expect((await command('queue', 'redirect', id, 'jo@held.here.example', 'jo@there.example')).exitCode).toBe(
    0,
  )
  expect((await command('queue', 'release', id)).exitCode).toBe(0)
  await eventually(async () => expect((await command('queue', 'list')).out).toContain('empty'))
})
