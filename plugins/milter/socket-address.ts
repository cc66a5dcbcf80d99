import { isAbsolute } from 'node:path'

/** Where a milter listens. */
export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number }

const internet = /^inet6?:(\d+)@(.+)$/
const asInPostfix = /^inet:(.+):(\d+)$/

/**
 * Reads where a milter listens: `unix:/path` (or `local:/path`) and `inet:port@host` (or `inet6:`), as milters are told
 * themselves, and `inet:host:port`, as Postfix is. Undefined where it is none of these.
 */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const path = /^(?:unix|local):(.+)$/.exec(text)?.[1]
  if (path !== undefined) return isAbsolute(path) ? { path } : undefined
  const [, firstPort, firstHost] = internet.exec(text) ?? []
  const [, secondHost, secondPort] = asInPostfix.exec(text) ?? []
  const host = (firstHost ?? secondHost ?? '').replace(/^\[(.*)\]$/, '$1')
  const port = Number(firstPort ?? secondPort)
  return host !== '' && /^[\w.:-]+$/.test(host) && port >= 1 && port <= 65_535 ? { host, port } : undefined
}
