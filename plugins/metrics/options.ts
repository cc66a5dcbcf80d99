import { type Network, type OptionReader, parseNetwork, readOptions } from 'mailwright'
import { readNetworks } from 'mailwright/network'

/** The options of the metrics plugin. */
export interface MetricsOptions {
  readonly host: string
  readonly port: number
  /** Absolute path of a Unix socket in the place of host and port. */
  readonly path: string | undefined
  /** Who may ask, beside this machine; undefined where everybody may who has the token. */
  readonly networks: readonly Network[]
  readonly token: string | undefined
  readonly destinations: number
  /** Octets. */
  readonly minimumRoom: number
  readonly certificateDays: number
}

/** What a config may write. */
export interface MetricsInput {
  /** An address to listen on. `127.0.0.1` */
  readonly host?: string
  /** `9154` */
  readonly port?: number
  /** Absolute path of a Unix socket to listen on instead. Whoever may write to it may ask. */
  readonly path?: string
  /** Who may ask beside this machine itself, such as `['192.0.2.0/24']`. Nobody; with a `token`, everybody who has it. */
  readonly networks?: readonly string[]
  /** A secret of 16 characters at least, to be sent as `Authorization: Bearer …`. */
  readonly token?: string
  /** Destinations of the queue that are told apart: those that most waits for. `20` */
  readonly destinations?: number
  /** With less room than that for messages the server is not ready. `100M` */
  readonly minimumRoom?: number | string
  /** Days that the certificates have to be valid at least; the server is not ready otherwise. `2` */
  readonly certificateDays?: number
}

// RFC 6750 §2.1: what can be sent as a bearer token.
const tokenForm = /^[A-Za-z0-9._~+/-]{16,512}=*$/
const anywhere = ['0.0.0.0/0', '::/0'].flatMap((text) => parseNetwork(text) ?? [])

/** Reads and checks the options. Throws ConfigError with all faults. */
export function parseOptions(input: unknown): MetricsOptions {
  const read = readOptions(input)
  const path = read.absolutePath('path')
  for (const name of ['host', 'port'])
    if (path !== undefined && read.value(name) !== undefined)
      read.fault(name, 'cannot stand beside `path`: it listens on one of the two')
  const token = readToken(read)
  const isOpen = token !== undefined && read.value('networks') === undefined
  return read.done({
    host: read.host('host', { default: '127.0.0.1' }),
    port: read.port('port', { default: 9154 }),
    path,
    networks: isOpen ? anywhere : readNetworks(read, 'networks'),
    token,
    destinations: read.integer('destinations', { default: 20, min: 0, max: 1_000 }),
    minimumRoom: read.size('minimumRoom', { default: '100M' }),
    certificateDays: read.integer('certificateDays', { default: 2, min: 0, max: 365 }),
  })
}

function readToken(read: OptionReader): string | undefined {
  if (read.value('token') === undefined) return undefined
  // Never shown, not even where it is wrong.
  const token = read.value('token')
  if (typeof token === 'string' && tokenForm.test(token)) return token
  read.fault('token', 'must be a text of 16 to 512 letters, digits and . _ ~ + / -')
  return undefined
}
