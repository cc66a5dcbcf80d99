import { SocketAddress } from 'node:net'
import { ConfigError, type ConfigFault } from '../errors.ts'
import type { Store } from '../services/store.ts'
import { commandFaults } from './command-faults.ts'
import type { InstanceCommands } from './commands.ts'
import { placeFaults } from './listen-faults.ts'
import { type ListenRequest, placeOf } from './listeners.ts'

/** What can only be seen when every plugin has been set up. */
export interface WholeConfig {
  readonly requests: readonly ListenRequest[]
  readonly commands: readonly InstanceCommands[]
  readonly workers: number
  readonly store: Store | undefined
}

/** ConfigError with all faults of it. */
export function checkWholeConfig({ requests, commands, workers, store }: WholeConfig): void {
  const misplaced = requests.flatMap(placeFaults)
  const faults = [
    ...(misplaced.length > 0 ? misplaced : listenerFaults(requests)),
    ...commandFaults(commands),
    ...workerFaults(workers, store),
  ]
  if (faults.length > 0) throw new ConfigError(faults)
}

/** A fault for each two that want to listen on the same place, or where one of them does not leave the other its own. */
function listenerFaults(requests: readonly ListenRequest[]): readonly ConfigFault[] {
  return requests.flatMap((request, index) =>
    requests
      .slice(0, index)
      .filter((earlier) => overlap(earlier.options, request.options))
      .map((earlier) => ({ path: 'plugins', problem: problemOf(earlier, request) })),
  )
}

function problemOf(one: ListenRequest, other: ListenRequest): string {
  const [first, second] = [placeOf(one.options), placeOf(other.options)]
  if (first === second) return `${one.plugin} and ${other.plugin} both listen on ${first}`
  return `${one.plugin} listens on ${first} and ${other.plugin} on ${second}, which cannot both be had`
}

/** Several workers would have a store that is for one process. */
function workerFaults(workers: number, store: Store | undefined): readonly ConfigFault[] {
  if (workers === 1 || store?.supports.shared !== false) return []
  return [{ path: 'workers', problem: 'must be 1 with this store, which is for one process' }]
}

type Place = ListenRequest['options']

function overlap(one: Place, other: Place): boolean {
  if (one.path !== undefined || other.path !== undefined) return one.path === other.path
  // Where the system chooses the port, it chooses one that is free.
  if (one.port !== other.port || one.port === 0) return false
  const [first, second] = [canonicalHost(one.host), canonicalHost(other.host)]
  return first === second || takes(first, second) || takes(second, first)
}

/** Whether an address stands for another one too. What a name stands for is not known before it is looked up. */
function takes(host: string, other: string): boolean {
  // Sockets of `::` are opened for IPv4 as well.
  if (host === '::') return true
  return host === '0.0.0.0' && ipv4.test(other)
}

const ipv4 = /^\d+\.\d+\.\d+\.\d+$/

/** An address in one spelling of those that it has; an IPv4 address within IPv6 is the former. */
function canonicalHost(host: string): string {
  const family = host.includes(':') ? 'ipv6' : 'ipv4'
  try {
    return new SocketAddress({ address: host, family }).address.replace(/^::ffff:(?=[\d.]+$)/, '')
  } catch {
    return host.toLowerCase()
  }
}
