import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { type Network, networksInclude } from '../model/network.ts'
import type { OptionReader } from '../options.ts'
import type { Endpoints } from './endpoints.ts'
import { readNetworks } from './networks-option.ts'
import { parseProxyHeader } from './proxy-header.ts'

/** Whose word is taken for who the client is. */
export interface ProxyOptions {
  /** The proxies' addresses: whoever connects from there has to begin with a PROXY header. Empty for a Unix socket: all have to. */
  readonly from: readonly Network[]
  /** Milliseconds for the header. */
  readonly timeout: number
}

/** What a config may write. */
export interface ProxyInput {
  readonly from?: readonly string[]
  readonly timeout?: number | string
}

/** Reads the option `proxy`. On a Unix socket `from` has to be left out, elsewhere it must name somebody. */
export function readProxyOptions(read: OptionReader, isSocketFile = false): ProxyOptions | undefined {
  return read.object('proxy', (inner) => {
    const from = readNetworks(inner, 'from')
    if (isSocketFile && from.length > 0)
      inner.fault('from', 'has no meaning on a Unix socket: whoever may connect to it is a proxy')
    if (!isSocketFile && from.length === 0) inner.fault('from', 'must name the addresses of the proxies')
    return { from, timeout: inner.duration('timeout', { default: '5s', min: 1 }) }
  })
}

/** Whether a connection must begin with a PROXY header. */
export function expectsProxyHeader(proxy: ProxyOptions | undefined, { remote }: Endpoints): boolean {
  if (proxy === undefined) return false
  return proxy.from.length === 0 || networksInclude(proxy.from, remote.address)
}

/** Why a connection cannot be taken: to be closed without a word, as the PROXY protocol advises. */
export interface ProxyFault {
  /** Undefined where the other side has just gone, as health checks do. */
  readonly problem: string | undefined
}

/**
 * Takes the PROXY header off a connection, and answers who is at its ends: its own ends, where the proxy speaks for itself or
 * does not know. What follows the header is left in the socket, which must not have been read before. Never rejects.
 */
export function proxiedEndpoints(
  socket: Socket,
  own: Endpoints,
  { timeout }: ProxyOptions,
  clock: Clock,
): Promise<Endpoints | ProxyFault> {
  return new Promise((resolve) => {
    let octets: Buffer = Buffer.alloc(0)
    let atLeast = 1
    const settle = (outcome: Endpoints | ProxyFault): void => {
      timer.cancel()
      socket.off('readable', take).off('end', gone).off('close', gone)
      resolve(outcome)
    }
    const gone = () => settle({ problem: octets.length === 0 ? undefined : 'it ended in the PROXY header' })
    const take = (): void => {
      const chunk: Buffer | null = socket.read()
      if (chunk === null) return
      octets = octets.length === 0 ? chunk : Buffer.concat([octets, chunk])
      if (octets.length < atLeast) return
      const header = parseProxyHeader(octets)
      if (header.kind === 'fault') settle({ problem: header.problem })
      else if (header.kind === 'more') atLeast = header.atLeast
      else {
        if (octets.length > header.length) socket.unshift(octets.subarray(header.length))
        settle(header.ends === undefined ? own : { ...header.ends, proxy: own.remote })
      }
    }
    const timer = clock.after(timeout, () => settle({ problem: 'no PROXY header in time' }))
    socket.on('readable', take).on('end', gone).on('close', gone)
  })
}
