import { reply } from 'mailwright'
import { afterEach, expect, test } from 'vitest'
import {
  login,
  password,
  type SmtpServer,
  type SmtpServerOptions,
  startSmtpServer,
} from '../support/smtp/smtp-server.ts'
import { type Wire, wireTo } from '../support/wire.ts'

const greeting = '220 mx.example.org ESMTP Mailwright'
const wires: Wire[] = []
let server: SmtpServer

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server.stop()
})

async function start(more: SmtpServerOptions = {}): Promise<void> {
  server = await startSmtpServer({ ...more, options: { xclient: ['127.0.0.1'], ...more.options } })
}

async function greeted(port = server.port): Promise<Wire> {
  const wire = wireTo(port)
  wires.push(wire)
  await wire.line()
  return wire
}

async function ehlo(wire: Wire): Promise<string> {
  return (await wire.send('EHLO client.example\r\n').until('\r\n250 ')) + (await wire.line())
}

async function send(wire: Wire): Promise<void> {
  for (const command of ['MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA']) await wire.ask(command)
  expect(await wire.ask('Subject: x\r\n\r\n.')).toMatch(/^250 /)
}

test('a session begins anew for the client that is spoken for', async () => {
  await start()
  const seen: string[] = []
  server.checks.client = async ({ remote }) => void seen.push(remote.address)
  const wire = await greeted()
  expect(await ehlo(wire)).toContain('XCLIENT NAME ADDR ')
  expect(await wire.ask('XCLIENT NAME=one.example ADDR=192.0.2.7 PORT=4711')).toBe(greeting)
  expect(await ehlo(wire)).toContain('XCLIENT NAME ADDR ')
  await send(wire)
  await wire.send('QUIT\r\n').rest()
  expect(seen).toEqual(['127.0.0.1', '192.0.2.7'])
  expect(server.taken[0]?.text).toMatch(
    /^Received: from client\.example \(one\.example \[192\.0\.2\.7\]\)\r\n/,
  )
  expect(server.taken[0]?.transaction.session.remote).toEqual({
    address: '192.0.2.7',
    port: 4711,
    name: 'one.example',
  })
  expect(await server.closed(2)).toEqual(['XCLIENT', 'QUIT'])
  const history = await server.history()
  const former = history.find(({ verb }) => verb === 'connected')?.session
  expect(
    history.find(({ text }) => text === `the client is who XCLIENT said in session ${former}`),
  ).toBeDefined()
})

test('EHLO that was passed on before it need not be said again', async () => {
  await start()
  const wire = await greeted()
  await ehlo(wire)
  for (const address of ['192.0.2.7', '192.0.2.8']) {
    expect(await wire.ask(`XCLIENT ADDR=${address}`)).toBe(greeting)
    await send(wire)
  }
  server.checks.hello = reply(450, '4.7.1', 'Not by that name now')
  expect(await wire.ask('XCLIENT ADDR=192.0.2.9')).toBe(greeting)
  expect(await wire.ask('MAIL FROM:<>')).toMatch(/^450 4\.7\.1 Not by that name now/)
  expect(await wire.ask('EHLO again.example')).toMatch(/^450 4\.7\.1 /)
  expect(await wire.ask('MAIL FROM:<>')).toMatch(/^503 5\.5\.1 Send EHLO first/)
  expect(server.taken.map(({ text }) => /^Received: [^\r]*\r\n[^\r]*/.exec(text)?.[0])).toEqual([
    'Received: from client.example ([192.0.2.7])\r\n\tby mx.example.org with ESMTP',
    'Received: from client.example ([192.0.2.8])\r\n\tby mx.example.org with ESMTP',
  ])
})

test('HELO is said for the client, and may be said again', async () => {
  await start()
  const wire = await greeted()
  expect(await wire.ask('XCLIENT ADDR=192.0.2.7 HELO=mta.example PROTO=SMTP')).toBe(greeting)
  await send(wire)
  expect(await wire.ask('XCLIENT PROTO=ESMTP HELO=mta.example')).toBe(greeting)
  await ehlo(wire)
  await send(wire)
  expect(server.taken[0]?.text).toMatch(
    /^Received: from mta\.example \(\[192\.0\.2\.7\]\)\r\n\tby \S+ with SMTP\r\n/,
  )
  expect(server.taken[1]?.text).toMatch(
    /^Received: from client\.example \(\[192\.0\.2\.7\]\)\r\n\tby \S+ with ESMTP\r\n/,
  )
})

test('commands behind it count, whoever is the client', async () => {
  await start()
  const wire = await greeted()
  wire.send('EHLO a\r\nXCLIENT ADDR=192.0.2.7\r\nEHLO b\r\nMAIL FROM:<>\r\nQUIT\r\n')
  expect(await wire.rest()).toMatch(/\r\n220 mx[^\r]*\r\n250-[\s\S]*\r\n250 2\.1\.0 [^\r]*\r\n221 /)
})

test('a client that is not welcome is refused, with the connection', async () => {
  await start()
  server.checks.client = async ({ remote }) =>
    remote.address === '192.0.2.7' ? reply(554, '5.7.1', 'Not you') : undefined
  const wire = await greeted()
  expect(await wire.send('XCLIENT ADDR=192.0.2.7\r\nEHLO a\r\nQUIT\r\n').rest()).toMatch(
    /^554 5\.7\.1 Not you\r\n503 5\.5\.1 [^\r]*\r\n221 /,
  )
})

test('a login does not outlive it, TLS does', async () => {
  await start()
  const wire = await greeted(server.submissionPort)
  await wire.ask('STARTTLS')
  const secure = await wire.secure()
  wires.push(secure)
  await ehlo(secure)
  const secret = Buffer.from(`\0${login}\0${password}`).toString('base64')
  expect(await secure.ask(`AUTH PLAIN ${secret}`)).toMatch(/^235 /)
  expect(await secure.ask('XCLIENT ADDR=192.0.2.7')).toBe(greeting)
  expect(await ehlo(secure)).not.toContain('STARTTLS')
  expect(await secure.ask('MAIL FROM:<>')).toMatch(/^530 /)
  const connected = (await server.history()).filter(({ verb }) => verb === 'connected')
  expect(connected[1]?.facts).toMatchObject({ remote: { address: '192.0.2.7' }, tls: { version: 'TLSv1.3' } })
})

test('it is not for before TLS where that is required', async () => {
  await start({ transfer: { tls: 'required' } })
  expect(await (await greeted()).ask('XCLIENT ADDR=192.0.2.7')).toMatch(/^530 5\.7\.0 /)
})

test('who may, is who has connected, or whom a trusted proxy names, and not who XCLIENT says', async () => {
  await start({ options: { xclient: ['192.0.2.7'], proxy: { from: ['127.0.0.1'] } } })
  const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n'
  const wire = wireTo(server.port).send(header)
  wires.push(wire)
  await wire.line()
  expect(await wire.ask('XCLIENT ADDR=203.0.113.9')).toBe(greeting)
  expect(await wire.ask('XCLIENT ADDR=203.0.113.10')).toBe(greeting)
  const other = wireTo(server.port).send('PROXY UNKNOWN\r\n')
  wires.push(other)
  await other.line()
  expect(await other.ask('XCLIENT ADDR=192.0.2.7')).toMatch(/^550 5\.7\.0 /)
})

test('LMTP begins anew too', async () => {
  await start()
  const wire = await greeted(server.lmtpPort)
  expect(await wire.ask('XCLIENT ADDR=192.0.2.7 HELO=mta.example PROTO=LMTP')).toBe(
    '220 mx.example.org LMTP Mailwright',
  )
  await send(wire)
  expect(server.taken[0]?.text).toMatch(
    /^Received: from mta\.example \(\[192\.0\.2\.7\]\)\r\n\tby \S+ with LMTP\r\n/,
  )
})
