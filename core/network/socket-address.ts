import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'

/** Where another program listens, as `net.connect` takes it. */
export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number }

const portFirst = /^inet6?:(\d+)@(.+)$/
const portLast = /^inet:(.+):(\d+)$/
const hostName = /^[\p{L}\p{M}\p{N}_-]+(?:\.[\p{L}\p{M}\p{N}_-]+)*\.?$/u

/**
 * Reads where another program listens: `unix:/path` (or `local:/path`) and `inet:port@host` (or `inet6:`), as milters are
 * told themselves, and `inet:host:port`, as Postfix is. An IPv6 address may be in brackets. Undefined where it is none of these.
 */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const path = /^(?:unix|local):(.+)$/.exec(text)?.[1]
  if (path !== undefined) return isAbsolute(path) ? { path } : undefined
  const [, firstPort, firstHost] = portFirst.exec(text) ?? []
  const [, secondHost, secondPort] = portLast.exec(text) ?? []
  const host = (firstHost ?? secondHost ?? '').replace(/^\[(.*)\]$/, '$1')
  const port = Number(firstPort ?? secondPort)
  const isHost = isIP(host) !== 0 || hostName.test(host)
  return isHost && port >= 1 && port <= 65_535 ? { host, port } : undefined
}
