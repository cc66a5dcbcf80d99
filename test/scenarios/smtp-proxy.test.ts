import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { login, password, type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'
import { watchedClock } from '../support/watched-clock.ts'
import { Wire, wireTo } from '../support/wire.ts'

const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n'
const ends = { remote: { address: '192.0.2.7', port: 40_000 }, local: { address: '198.51.100.1', port: 25 } }
const binary = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000207c63364019c400019', 'hex')
const trusted = { proxy: { from: ['127.0.0.0/8'] } }
const greeting = '220 mx.example.org ESMTP Mailwright'

let server: SmtpServer
const wires: Wire[] = []

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server.stop()
})

function knock(port = server.port): Wire {
  const wire = wireTo(port)
  wires.push(wire)
  return wire
}

async function send(wire: Wire): Promise<void> {
  await wire.send('EHLO client.example\r\n').until('\r\n250 ')
  await wire.line()
  for (const command of ['MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA']) await wire.ask(command)
  expect(await wire.ask('Subject: x\r\n\r\n.')).toMatch(/^250 /)
}

describe('from a proxy', () => {
  test.each([
    ['version 1', Buffer.from(header)],
    ['version 2', binary],
  ])('%s says who the client is', async (_, octets) => {
    server = await startSmtpServer({ options: trusted })
    const seen: unknown[] = []
    server.checks.client = async ({ remote, local }) => void seen.push({ remote, local })
    const wire = knock().send(octets)
    expect(await wire.line()).toBe(greeting)
    await send(wire)
    expect(seen).toEqual([ends])
    expect(server.taken[0]?.text).toMatch(/^Received: from client\.example \(\[192\.0\.2\.7\]\)\r\n/)
    const history = await server.history()
    expect(history.find(({ verb }) => verb === 'connected')).toMatchObject({ facts: ends })
    expect(history.find(({ text }) => text === 'the client is who the proxy at 127.0.0.1 says')).toBeDefined()
  })

  test('that speaks for itself, the real ends hold', async () => {
    server = await startSmtpServer({ options: trusted })
    for (const octets of [
      Buffer.from('PROXY UNKNOWN\r\n'),
      Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex'),
    ]) {
      const wire = knock().send(octets)
      expect(await wire.line()).toBe(greeting)
      await wire.send('QUIT\r\n').rest()
    }
    const connected = (await server.history()).filter(({ verb }) => verb === 'connected')
    for (const { facts } of connected) expect(facts).toMatchObject({ remote: { address: '127.0.0.1' } })
    expect(connected).toHaveLength(2)
  })

  test('nothing but a header is taken, and nothing is said', async () => {
    server = await startSmtpServer({ options: trusted })
    for (const octets of [
      'EHLO client.example\r\n',
      'PROXY TCP4 192.0.2.7\r\n',
      '\r\n\r\n\0\r\nQUIT\n\x21\x41\0\0',
    ])
      expect(await knock().send(octets).rest()).toBe('')
    const silent = knock()
    await once(silent.socket, 'connect')
    silent.socket.end()
    expect(await silent.rest()).toBe('')
    expect(await server.history()).toEqual([])
  })

  test('the header is no early talk, and what follows it is', async () => {
    server = await startSmtpServer({ options: trusted })
    const wire = knock().send(`${header}EHLO client.example\r\n`)
    expect(await wire.rest()).toBe('554 Protocol error: input before the greeting\r\n')
  })

  test('there is a deadline, and a stop does not wait for it', async () => {
    const clock = watchedClock()
    server = await startSmtpServer({ clock, options: { proxy: { from: ['127.0.0.1'], timeout: '4s' } } })
    const late = knock().send(header.slice(0, 9))
    await clock.armed(4_000)
    clock.advance(4_000)
    expect(await late.rest()).toBe('')
    const waiting = knock().send(header.slice(0, 9))
    await clock.armed(4_000)
    await server.stop()
    expect(await waiting.rest()).toBe('')
  })

  test('those who have said nothing count as connections', async () => {
    server = await startSmtpServer({ options: { ...trusted, maxConnections: 1 } })
    const first = knock()
    await once(first.socket, 'connect')
    expect(await knock().send(header).rest()).toMatch(/^421 4\.3\.2 Too many connections/)
    first.send(header)
    expect(await first.line()).toBe(greeting)
  })

  test.each(['together', 'apart'])('TLS begins behind the header, %s', async (how) => {
    server = await startSmtpServer({ options: trusted })
    const raw = connect(server.tlsPort, '127.0.0.1')
    if (how === 'together') raw.cork()
    raw.write(header)
    if (how === 'apart') await once(raw, 'connect')
    const secure = connectTls({ socket: raw, rejectUnauthorized: false })
    if (how === 'together') setImmediate(() => raw.uncork())
    const wire = new Wire(secure)
    wires.push(wire)
    expect(await wire.line()).toBe(greeting)
    await wire.send('EHLO client.example\r\n').until('\r\n250 AUTH')
    const secret = Buffer.from(`\0${login}\0${password}`).toString('base64')
    await wire.line()
    expect(await wire.ask(`AUTH PLAIN ${secret}`)).toMatch(/^235 /)
    const connected = (await server.history()).find(({ verb }) => verb === 'connected')
    expect(connected?.facts).toMatchObject({ ...ends, tls: { version: 'TLSv1.3' } })
  })

  test('STARTTLS works', async () => {
    server = await startSmtpServer({ options: trusted })
    const wire = knock().send(header)
    await wire.line()
    await wire.ask('STARTTLS')
    const secure = await wire.secure()
    wires.push(secure)
    await send(secure)
    expect(server.taken[0]?.transaction.session).toMatchObject({ ...ends, tls: { version: 'TLSv1.3' } })
  })
})

test('from anybody else a header is early talk, or no command', async () => {
  server = await startSmtpServer({ options: { proxy: { from: ['192.0.2.0/24'] } } })
  const wire = knock()
  expect(await wire.line()).toBe(greeting)
  expect(await wire.ask(header.trimEnd())).toBe('500 5.5.2 Command unrecognised')
  const connected = (await server.history()).find(({ verb }) => verb === 'connected')
  expect(connected?.facts).toMatchObject({ remote: { address: '127.0.0.1' } })
})

test('on a Unix socket everybody is a proxy', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-proxy-'))
  const path = join(folder, 'lmtp.sock')
  server = await startSmtpServer({ lmtp: { path, proxy: {} } })
  const wire = new Wire(connect(path))
  wires.push(wire)
  expect(await wire.send(header).line()).toBe('220 mx.example.org LMTP Mailwright')
  const local = new Wire(connect(path))
  wires.push(local)
  await local.send('PROXY UNKNOWN\r\n').line()
  const connected = (await server.history()).filter(({ verb }) => verb === 'connected')
  expect(connected.map(({ facts }) => facts?.remote)).toEqual([ends.remote, { address: path, port: 0 }])
  await rm(folder, { recursive: true })
})
