import { existsSync } from 'node:fs'
import { definePlugin, noOptions, readAll, reply, resolver, store } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory, { memoryHistory } from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import smtp from 'mailwright/plugins/smtp'
import { afterEach, describe, expect, it } from 'vitest'
import { accounts } from '../services/accounts.ts'
import { expectCode } from './contracts/expectations.ts'
import { runDialogue } from './dialogue/run-dialogue.ts'
import { fakeClock } from './fake-clock.ts'
import { fakeResolver } from './fake-resolver.ts'
import { createTestHost, type TestHost, type TestHostOptions } from './test-host.ts'

const jo = { address: 'jo@example.org', password: 'secret' }
let host: TestHost | undefined

async function started(
  options: Partial<TestHostOptions> & Pick<TestHostOptions, 'plugins'>,
): Promise<TestHost> {
  host = await createTestHost(options)
  return host
}

afterEach(() => host?.stop())

/** A plugin with a listener that says hello, and a hook that refuses one sender. */
const greeter = definePlugin({
  name: 'greeter',
  parseOptions: noOptions,
  setup({ listen, hooks, hostname }) {
    hooks.envelope.checkSender.tap('refuse', async ({ reversePath }) =>
      reversePath?.localPart === 'bad' ? reply(550, '5.7.1', 'Not you') : undefined,
    )
    listen({ role: 'transfer', host: '127.0.0.1', port: 0, maxConnections: 1 }, (socket) => {
      socket.write(`220 ${hostname} ${socket.remoteAddress}\r\n`)
      socket.on('data', (octets) => socket.write(octets))
    })
  },
})

const message = 'Subject: hello\n\nHello Jo.\n'

describe('createTestHost', () => {
  it('sends mail through the hooks into a store, without a protocol', async () => {
    const { send, service, history, log } = await started({
      plugins: [memory({ accounts: [jo] }), localDelivery()],
    })
    const answers = await send({
      from: 'a@client.example',
      to: ['jo@example.org', 'no@example.org'],
      data: message,
    })
    expect(answers.map(({ recipient, reply: { code } }) => [recipient, code])).toEqual([
      ['jo@example.org', 250],
      ['no@example.org', 550],
    ])
    const found = await service(accounts).resolve({ localPart: 'jo', domain: 'example.org' })
    if (found.kind !== 'account') throw new TypeError(found.kind)
    const inbox = await (await service(store).open(found.account)).openMailbox('INBOX')
    const [entry] = inbox.entries
    expect((await readAll(await inbox.content(entry?.uid ?? 0))).toString()).toContain(
      'Subject: hello\r\n\r\nHello Jo.\r\n',
    )
    expect((await history()).map(({ verb }) => verb)).toContain('delivered')
    expect(log.lines.map(({ event }) => event)).toContain('accepted')
  })

  it('answers everybody with the refusal that came before DATA', async () => {
    const { send } = await started({ plugins: [memory({ accounts: [jo] }), localDelivery(), greeter()] })
    const answers = await send({ from: 'bad@client.example', to: 'jo@example.org', data: message })
    expect(answers.map((answer) => answer.reply.code)).toEqual([550])
    const wrong = { login: 'jo@example.org', secret: 'wrong' }
    const refused = await send({
      from: null,
      to: 'jo@example.org',
      data: message,
      role: 'submission',
      login: wrong,
    })
    expect(refused.map((answer) => answer.reply.code)).toEqual([535])
  })

  it('connects to listeners without a socket', async () => {
    const { connect, listeners } = await started({ plugins: [greeter()], hostname: 'mx.test.example' })
    expect(listeners.map(({ plugin, role }) => [plugin, role])).toEqual([['greeter', 'transfer']])
    const first = await connect('greeter', { remote: { address: '192.0.2.77', port: 1 } })
    await first.expect('220 mx.test.example 192.0.2.77')
    const second = await connect('greeter')
    await second.expectEnd()
    first.send('hello')
    await first.expect('hello')
    await first.close()
    await expectCode(connect('nobody'), 'MAIL_E_NOT_FOUND')
  })

  it('opens real sockets where it is told to', async () => {
    const { connect } = await started({ plugins: [greeter()], sockets: true })
    const dialogue = await connect('greeter')
    await dialogue.expect('220 mail.example.org 127.0.0.1')
    await dialogue.close()
  })

  it('takes the test’s clock, DNS and history', async () => {
    const clock = fakeClock(Date.UTC(2030, 0, 1))
    const dns = fakeResolver({ 'mx.example': { a: ['192.0.2.25'] } })
    const plugins = [memory({ accounts: [jo] }), memoryHistory(), localDelivery()]
    const { service, send, history } = await started({ plugins, clock, resolver: dns })
    await send({ from: null, to: 'jo@example.org', data: message })
    for (const { at } of await history()) expect(at).toBe(Date.UTC(2030, 0, 1))
    expect(await service(resolver).addresses('mx.example', 4)).toMatchObject({ records: ['192.0.2.25'] })
  })

  it('removes its folder at stop, and where it cannot start', async () => {
    const { dataDir, stop } = await started({ plugins: [greeter()] })
    expect(existsSync(dataDir)).toBe(true)
    await Promise.all([stop(), stop()])
    expect(existsSync(dataDir)).toBe(false)
    const broken = definePlugin({
      name: 'broken',
      parseOptions: noOptions,
      setup: () => ({ start: async () => Promise.reject(new Error('no')) }),
    })
    await expectCode(createTestHost({ plugins: [broken()] }), 'MAIL_E_START')
    await expectCode(createTestHost({ plugins: [localDelivery()] }), 'MAIL_E_CONFIG')
  })
})

describe('a whole system in memory', () => {
  const plugins = [
    memory({ accounts: [jo], aliases: [{ address: 'info@example.org', targets: ['jo@example.org'] }] }),
    localDelivery(),
    smtp({ role: 'transfer', port: 2525 }),
    pop3({ port: 2110, allowPlaintextLogin: true }),
  ]

  it('takes a mail by SMTP and gives it by POP3', async () => {
    const { connect } = await started({ plugins })
    const sender = await connect('smtp')
    await runDialogue(
      `S: 220 mail.example.org <re:.*>
C: EHLO client.example
S*: 250-<re:.*>
S: 250 <re:.*>
C: MAIL FROM:<a@client.example>
S: 250 <re:.*>
C: RCPT TO:<info@example.org>
S: 250 <re:.*>
C: RCPT TO:<nosuch@example.org>
S: 550 5.1.1 <re:.*>
C: DATA
S: 354 <re:.*>
C: ---
Subject: by SMTP

..a line with a dot
.
---
S: 250 2.0.0 <re:.*>
C: QUIT
S: 221 <re:.*>
S[end]`,
      sender,
    )
    const reader = await connect('pop3')
    await runDialogue(
      `S: +OK <re:.*>
C: USER jo@example.org
S: +OK<re:.*>
C: PASS secret
S: +OK<re:.*>
C: STAT
S: +OK 1 <re:\\d+>
C: RETR 1
S: +OK<re:.*>
S*: <re:.+>
S: 
S: ..a line with a dot
S: .
C: DELE 1
S: +OK<re:.*>
C: QUIT
S: +OK<re:.*>
S[end]`,
      reader,
    )
  })

  it('speaks TLS in memory, asked for or from the first octet', async () => {
    const { connect } = await started({
      plugins: [
        memory({ accounts: [jo] }),
        localDelivery(),
        certificates(),
        smtp({ role: 'submission', port: 2587 }),
        pop3({ port: 2995, implicitTls: true }),
      ],
    })
    const sender = await connect('smtp')
    await runDialogue(
      `S: 220 <re:.*>
C: EHLO client.example
S*: 250-<re:.*>
S: 250 <re:.*>
C: STARTTLS
S: 220 <re:.*>
TLS
C: EHLO client.example
S*: 250-<re:.*>
S: 250 <re:.*>
C: QUIT
S: 221 <re:.*>
S[end]`,
      sender,
    )
    const reader = await connect('pop3')
    await reader.expect('+OK<re:.*>')
    reader.send('USER jo@example.org', 'PASS secret')
    await reader.expect('+OK<re:.*>')
    await reader.expect('+OK<re:.*>')
    await reader.end()
  })
})
