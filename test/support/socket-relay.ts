import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A Unix socket in front of another one, so that tests can cut what runs between. */
export interface SocketRelay {
  readonly socketPath: string
  /** Ends all connections, and each new one at once, until the answered call. */
  cut(): () => void
  close(): Promise<void>
}

export async function startRelay(socketPath: string, target: string): Promise<SocketRelay> {
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((client) => {
    if (isCut) {
      client.destroy()
      return
    }
    const server = connect(target)
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  server.listen(socketPath)
  await once(server, 'listening')
  const endAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    socketPath,
    cut() {
      isCut = true
      endAll()
      return () => {
        isCut = false
      }
    },
    async close() {
      server.close()
      endAll()
      await once(server, 'close')
    },
  }
}
