import { once } from 'node:events'
import { type AddressInfo, connect as connectPlain, createServer, type Server } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import { type FakeClock, fakeClock } from 'mailwright/testing'
import { generate } from 'selfsigned'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConnectionLost } from './connection-lost.ts'
import { HandshakeFailed } from './handshake-failed.ts'
import { LineConnection } from './line-connection.ts'

let certificate: { readonly key: string; readonly cert: string }
let server: Server
let connection: LineConnection
let outcome: PromiseWithResolvers<unknown>
let clock: FakeClock
/** What the server waits for before TLS. */
let begin: () => Promise<void>
const sockets: { destroy(): void }[] = []

beforeAll(async () => {
  const made = await generate([{ name: 'commonName', value: 'mx.example.org' }], { keySize: 2048 })
  certificate = { key: made.private, cert: made.cert }
})

/** A server that greets under TLS; the outcome is what its handshake failed with. */
beforeEach(async () => {
  begin = async () => undefined
  clock = fakeClock()
  outcome = Promise.withResolvers()
  server = createServer((socket) => {
    sockets.push(socket)
    connection = new LineConnection(socket, clock, 1_000)
    begin()
      .then(() => connection.secure({ ...certificate, minVersion: 'TLSv1.2' }, 5_000))
      .then(() => connection.write('* OK ready\r\n'))
      .then(() => outcome.resolve(undefined), outcome.resolve)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server.close()
  await once(server, 'close')
})

const port = () => (server.address() as AddressInfo).port

function client(options: ConnectionOptions = {}) {
  const socket = connect({ port: port(), host: '127.0.0.1', rejectUnauthorized: false, ...options })
  socket.on('error', () => undefined)
  sockets.push(socket)
  return socket
}

function inClear() {
  const socket = connectPlain(port(), '127.0.0.1')
  socket.on('error', () => undefined)
  sockets.push(socket)
  return socket
}

test('the tickets of TLS 1.3 come in front of what is said first', async () => {
  const socket = client({ minVersion: 'TLSv1.3' })
  const seen: string[] = []
  socket.on('session', () => seen.push('ticket'))
  socket.on('data', () => seen.push('greeting'))
  await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(3)
  expect(seen).toEqual(['ticket', 'ticket', 'greeting'])
})

describe('what comes before the handshake begins', () => {
  beforeEach(() => {
    begin = async () => vi.waitUntil(() => connection.unread > 0, { timeout: 10_000 }).then(() => undefined)
  })

  test('is part of it', async () => {
    const [greeting] = (await once(client(), 'data')) as [Buffer]
    expect(greeting.toString()).toBe('* OK ready\r\n')
  })

  test('is never taken for what comes under TLS', async () => {
    inClear().write('a1 CAPABILITY\r\n')
    expect(await failure()).toBe('wrong version number')
  })
})

async function failure(): Promise<string | undefined> {
  const error = await outcome.promise
  expect(error).toBeInstanceOf(HandshakeFailed)
  return (error as HandshakeFailed).reason
}

test('why a handshake fails is in OpenSSL’s words', async () => {
  client({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' })
  expect(await failure()).toBe('unsupported protocol')
})

test('who speaks in clear is told from others', async () => {
  inClear().write('a1 CAPABILITY\r\n')
  expect(await failure()).toBe('wrong version number')
})

test('who ends it, once it has begun', async () => {
  inClear().end(Buffer.from('160301020001', 'hex'))
  expect(await failure()).toBe('the client ended it')
})

test('what is ended from here is nobody’s fault', async () => {
  const socket = inClear()
  socket.write(Buffer.from('160301020001', 'hex'))
  await expect.poll(() => sockets.length, { timeout: 10_000 }).toBe(2)
  await expect.poll(() => clock.waiting, { timeout: 10_000 }).toBeGreaterThan(0)
  connection.destroy()
  const error = await outcome.promise
  expect(error).toBeInstanceOf(ConnectionLost)
  expect(error).not.toBeInstanceOf(HandshakeFailed)
})

test('who says nothing', async () => {
  inClear().end()
  expect(await failure()).toBeUndefined()
})

test('and who says nothing for too long', async () => {
  inClear()
  await expect.poll(() => clock.waiting, { timeout: 10_000 }).toBeGreaterThan(0)
  clock.advance(5_000)
  expect(await failure()).toBe('timeout')
})
