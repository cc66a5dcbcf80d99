import type { Socket } from 'node:net'
import type { Endpoint } from '../model/session.ts'

/** Both ends of a socket, as a session's record says them. */
export function socketEndpoints(socket: Socket): { readonly local: Endpoint; readonly remote: Endpoint } {
  return {
    local: { address: canonical(socket.localAddress), port: socket.localPort ?? 0 },
    remote: { address: canonical(socket.remoteAddress), port: socket.remotePort ?? 0 },
  }
}

/** IPv4 clients of a listener on `::` have mapped addresses (RFC 4291 §2.5.5.2). */
function canonical(address = 'unknown'): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
