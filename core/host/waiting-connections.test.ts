import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { createListenerPool, type ListenRequest } from './listeners.ts'
import { WaitingConnections } from './waiting-connections.ts'

function waiting(onConnection: ListenRequest['onConnection']): {
  readonly connections: WaitingConnections
  readonly request: ListenRequest
} {
  const connections = new WaitingConnections()
  const options = { role: 'transfer', host: '127.0.0.1', port: 0 } as const
  const [request] = connections.instead([{ plugin: 'a', options, onConnection }])
  if (request === undefined) throw new Error('no request')
  return { connections, request }
}

test('they are handed over in their order, without those who have gone', async () => {
  const seen: string[] = []
  const owner = {}
  const { connections, request } = waiting((socket) => {
    socket.on('data', (octets) => seen.push(octets.toString()))
  })
  const pool = createListenerPool()
  const [open] = await pool.adopt(owner, [request])
  const clients: Socket[] = []
  for (const word of ['one', 'two', 'three']) {
    const client = connect(open?.port ?? 0, '127.0.0.1')
    await once(client, 'connect')
    client.write(word)
    clients.push(client)
  }
  clients[1]?.resetAndDestroy()
  await expect.poll(() => clients[1]?.destroyed).toBe(true)
  connections.letIn()
  await expect.poll(() => seen.filter((word) => word !== 'two')).toEqual(['one', 'three'])
  pool.cut(owner)
  await pool.release(owner)
})

test('no more wait than could be answered in time', () => {
  const { request } = waiting(() => undefined)
  let destroyed = 0
  const socket = { destroy: () => destroyed++ } as unknown as Socket
  for (let count = 0; count < 1_001; count++) request.onConnection(socket)
  expect(destroyed).toBe(1)
})
