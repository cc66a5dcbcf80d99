import type { Socket } from 'node:net'
import type { ClientEndpoint, Endpoint } from '../model/session.ts'

/** Both ends of a connection, as a session's record says them. */
export interface Endpoints {
  readonly local: Endpoint
  readonly remote: ClientEndpoint
  /** The proxy that has told both, at its own address. */
  readonly proxy?: Endpoint
}

/** Those of a TCP connection. */
export function socketEndpoints(socket: Socket): Endpoints {
  return {
    local: { address: canonical(socket.localAddress), port: socket.localPort ?? 0 },
    remote: { address: canonical(socket.remoteAddress), port: socket.remotePort ?? 0 },
  }
}

/** Those of a connection to a Unix socket: clients have no address of their own there. */
export function socketFileEndpoints(path: string): Endpoints {
  const end = { address: path, port: 0 }
  return { local: end, remote: end }
}

/** IPv4 clients of a listener on `::` have mapped addresses (RFC 4291 §2.5.5.2). */
function canonical(address = 'unknown'): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
