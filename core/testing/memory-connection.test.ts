import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { fakeClock } from './fake-clock.ts'
import { memoryConnection } from './memory-connection.ts'

it('carries octets both ways, in order and whole', async () => {
  const { client, server } = memoryConnection()
  const octets = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index % 251))
  const [up, down] = [buffer(server), buffer(client)]
  for (let at = 0; at < octets.length; at += 7777) client.write(octets.subarray(at, at + 7777))
  server.write('hello')
  client.end()
  expect((await up).equals(octets)).toBe(true)
  expect((await down).toString()).toBe('hello')
})

it('holds back a writer whose reader does not read', async () => {
  const { client, server } = memoryConnection()
  for (let chunk = 0; chunk < 100; chunk++) client.write(Buffer.alloc(10_000))
  await new Promise((resolve) => setImmediate(resolve))
  expect(client.writableLength).toBeGreaterThan(500_000)
  server.resume()
  client.end()
  await once(client, 'finish')
  expect(client.writableLength).toBe(0)
})

it('tells the other end when one is gone', async () => {
  const { client, server } = memoryConnection()
  client.resume()
  server.on('error', () => undefined)
  server.destroy(new Error('cut'))
  await once(client, 'close')
  expect(server.destroyed).toBe(true)
  const gone = memoryConnection()
  gone.client.destroy()
  gone.server.write('too late')
  const [error] = await once(gone.server, 'error')
  expect(error).toMatchObject({ code: 'EPIPE' })
})

it('knows its addresses and its idleness', async () => {
  const clock = fakeClock()
  const remote = { address: '2001:db8::1', port: 4711 }
  const { client, server } = memoryConnection({ clock, remote })
  expect(server).toMatchObject({
    remoteAddress: '2001:db8::1',
    remotePort: 4711,
    localPort: 25,
    readyState: 'open',
  })
  expect(client).toMatchObject({ localAddress: '2001:db8::1', remotePort: 25 })
  let timeouts = 0
  server.setTimeout(1000, () => timeouts++)
  clock.advance(999)
  client.write('x')
  await once(server, 'readable')
  clock.advance(999)
  expect(timeouts).toBe(0)
  clock.advance(1)
  expect(timeouts).toBe(1)
  server.destroy()
  clock.advance(10_000)
  expect(clock.waiting).toBe(0)
})
