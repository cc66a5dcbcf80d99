import type { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { capturedLog } from '../testing/captured-log.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { memoryConnection } from '../testing/memory-connection.ts'
import { ArrivingClients } from './arriving-clients.ts'
import { type Endpoints, socketEndpoints } from './endpoints.ts'
import type { ProxyOptions } from './proxied-endpoints.ts'

const header = 'PROXY TCP4 192.0.2.7 198.51.100.1 8080 143\r\n'

function arrival(proxy: ProxyOptions | undefined = { from: [], timeout: 5_000 }) {
  const clock = fakeClock()
  const log = capturedLog()
  const { client, server } = memoryConnection({ clock })
  client.on('error', () => undefined)
  const begin = vi.fn<(socket: Socket, ends: Endpoints) => void>()
  const clients = new ArrivingClients({ clock, log }, proxy, begin)
  const own = socketEndpoints(server)
  return { client, server, own, log, begin, clients, take: () => clients.take(server, own) }
}

test('where there is no proxy, a session begins at once', () => {
  const { server, own, begin, clients } = arrival()
  const direct = new ArrivingClients({ clock: fakeClock(), log: capturedLog() }, undefined, begin)
  void direct.take(server, own)
  expect(begin).toHaveBeenCalledExactlyOnceWith(server, own)
  clients.stop()
})

test('behind one it begins with what the header says, and with who has said it', async () => {
  const { client, server, own, begin, take } = arrival()
  client.write(header)
  await take()
  const remote = { address: '192.0.2.7', port: 8080 }
  const local = { address: '198.51.100.1', port: 143 }
  expect(begin).toHaveBeenCalledExactlyOnceWith(server, { remote, local, proxy: own.remote })
})

test('anything else begins none, and the log says why', async () => {
  const { client, server, own, log, begin, take } = arrival()
  client.write('a NOOP\r\n')
  await take()
  expect(begin).not.toHaveBeenCalled()
  expect(server.destroyed).toBe(true)
  expect(log.lines).toMatchObject([
    { event: 'protocol-error', text: 'no PROXY header', remote: own.remote.address },
  ])
})

test('a session that cannot begin is told to the listener', async () => {
  const { client, begin, take } = arrival()
  begin.mockImplementation(() => {
    throw new Error('oops')
  })
  client.write(header)
  await expect(take()).rejects.toThrow('oops')
})

test('none begins once it has been stopped, though the header has come', async () => {
  const { client, server, log, begin, clients, take } = arrival()
  const taken = take()
  client.write(header)
  server.once('readable', () => clients.stop())
  await taken
  expect(begin).not.toHaveBeenCalled()
  expect(server.destroyed).toBe(true)
  expect(log.lines).toEqual([])
})
