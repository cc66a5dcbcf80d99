import { createHmac } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import {
  type CramMd5Server,
  type CramMd5ServerOptions,
  login,
  password,
  startCramMd5Server,
} from '../support/cram-md5-server.ts'
import { type Wire, wireTo } from '../support/wire.ts'

let server: CramMd5Server

afterEach(() => server.host.stop())

const encoded = (text: string) => Buffer.from(text).toString('base64')

async function start(options: CramMd5ServerOptions): Promise<void> {
  server = await startCramMd5Server(options)
}

async function greeted(protocol: keyof CramMd5Server['port']): Promise<Wire> {
  const wire = wireTo(server.port[protocol])
  await wire.line()
  return wire
}

/** What a protocol's client is offered, in the words of its own list. */
const announced: readonly (readonly [protocol: keyof CramMd5Server['port'], ask: () => Promise<string>])[] = [
  ['imap', async () => (await greeted('imap')).send('a CAPABILITY\r\n').until('a OK')],
  ['pop3', async () => (await greeted('pop3')).send('CAPA\r\n').until('\r\n.\r\n')],
  ['smtp', async () => extensionsOf(await greeted('smtp'))],
]

async function extensionsOf(wire: Wire): Promise<string> {
  const lines = await wire.send('EHLO client.example\r\n').until('250 ')
  return `${lines}${await wire.line()}\r\n`
}

/** Has an exchange by POP3; the answer, and the challenge. */
async function exchange(name: string, secret: string, answerTo?: string): Promise<readonly [string, string]> {
  const wire = await greeted('pop3')
  const line = await wire.ask('AUTH CRAM-MD5')
  const challenge = Buffer.from(line.replace(/^\+ /, ''), 'base64').toString()
  const digest = createHmac('md5', secret)
    .update(answerTo ?? challenge)
    .digest('hex')
  const answer = await wire.ask(encoded(`${name} ${digest}`))
  wire.socket.destroy()
  return [answer, challenge]
}

const failed = '-ERR [AUTH] Authentication failed'

test('is announced where the accounts offer it, and nowhere else', async () => {
  await start({ cramMd5: false, allowPlaintextLogin: true })
  for (const [protocol, ask] of announced) expect(await ask(), protocol).not.toContain('CRAM-MD5')
  expect(await (await greeted('pop3')).ask('AUTH CRAM-MD5')).toBe('-ERR That mechanism is not offered')
  expect(await (await greeted('imap')).ask('a AUTHENTICATE CRAM-MD5')).toMatch(/^a NO \[CANNOT\]/)
  expect(JSON.stringify(server.host.log.lines)).not.toContain('CRAM-MD5 is offered')
  await server.host.stop()
  await start({ allowPlaintextLogin: true })
  for (const [protocol, ask] of announced)
    expect(await ask(), protocol).toMatch(/LOGIN CRAM-MD5\r\n|AUTH=CRAM-MD5 /)
  expect(server.host.log.lines.filter(({ text }) => /^CRAM-MD5 is offered/.test(`${text}`))).toMatchObject([
    { level: 'warn', event: 'starting' },
  ])
})

test('is not offered in clear, unless logins in clear are', async () => {
  await start({})
  for (const [protocol, ask] of announced) expect(await ask(), protocol).not.toContain('CRAM-MD5')
  expect(await (await greeted('pop3')).ask('AUTH CRAM-MD5')).toMatch(/^-ERR/)
  const smtp = await greeted('smtp')
  await extensionsOf(smtp)
  expect(await smtp.ask('AUTH CRAM-MD5')).toMatch(/^53[08] /)
})

test('lets in who knows the password; everybody else fails alike', async () => {
  await start({ allowPlaintextLogin: true })
  expect(await exchange(login, password)).toEqual([
    '+OK 0 messages (0 octets)',
    expect.stringMatching(/^<.*>$/),
  ])
  expect((await exchange(login, 'wrong'))[0]).toBe(failed)
  expect((await exchange('nobody@example.org', password))[0]).toBe(failed)
})

test('a challenge is good for one exchange', async () => {
  await start({ allowPlaintextLogin: true })
  const [, challenge] = await exchange(login, password)
  expect((await exchange(login, password, challenge))[0]).toBe(failed)
})

test('the guard counts what fails', async () => {
  await start({
    allowPlaintextLogin: true,
    guard: { neverBan: [], networkFailures: 3, firstDelay: 0 },
  })
  for (const name of ['a', 'b', 'c'])
    expect((await exchange(`${name}@example.org`, password))[0]).toBe(failed)
  await expect.poll(async () => await wireTo(server.port.pop3).line(), { timeout: 20_000 }).toMatch(/^-ERR/)
})
