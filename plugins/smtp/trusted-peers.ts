import { type Network, networksInclude, type OptionReader } from 'mailwright'
import { type Endpoints, readNetworks } from 'mailwright/network'

const unix = 'unix'

/** Whose word is taken. */
export interface TrustedPeers {
  readonly networks: readonly Network[]
  /** Whoever may connect to the Unix socket. */
  readonly onSocketFile: boolean
}

/** Reads an option that lists networks, and `unix` for the clients of a Unix socket; nobody where it is absent. */
export function readTrustedPeers(read: OptionReader, name: string): TrustedPeers {
  const networks = readNetworks(read, name, [unix])
  const given = read.value(name)
  const onSocketFile = Array.isArray(given) && given.includes(unix)
  if (onSocketFile && read.value('path') === undefined)
    read.fault(name, 'has "unix" in it, which is for a Unix socket: there is no path')
  return { networks, onSocketFile }
}

/** On a Unix socket a client has the path for its address, unless a proxy says more of it. */
export function trusts({ networks, onSocketFile }: TrustedPeers, { local, remote }: Endpoints): boolean {
  return remote.address.startsWith('/')
    ? onSocketFile && remote.address === local.address
    : networksInclude(networks, remote.address)
}
