import type { Socket } from 'node:net'
import type { Log } from '../log.ts'

/** A plugin that throws at a connection loses that connection, and nothing else. */
export function guardedConnection(
  log: Log,
  plugin: string,
  onConnection: (socket: Socket) => unknown,
): (socket: Socket) => void {
  return async (socket) => {
    try {
      await onConnection(socket)
    } catch (error) {
      log.error('internal-error', { plugin, error })
      socket.destroy()
    }
  }
}
