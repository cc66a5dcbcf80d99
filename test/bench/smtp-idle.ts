import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** So many sessions that have said EHLO and now wait. */
export async function openSessions(port: number, count: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(50, count - sockets.length) }, () => open(port))
    sockets.push(...(await Promise.all(batch)))
  }
  return sockets
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('latin1')
  await once(socket, 'data')
  socket.write('EHLO client.example\r\n')
  let text = ''
  while (!/^250 .*\r\n/m.test(text)) text += ((await once(socket, 'data')) as [string])[0]
  socket.on('error', () => undefined)
  return socket
}
