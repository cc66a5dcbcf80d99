import type { Socket } from 'node:net'
import type { Clock } from 'mailwright'

const patience = 10_000

/** Ends a connection after ten seconds, however busy it is. Node's own deadlines are kept only by servers that listen themselves. */
export function limitConnection(socket: Socket, clock: Clock): void {
  const timer = clock.after(patience, () => socket.destroy())
  socket.once('close', () => timer.cancel())
}
