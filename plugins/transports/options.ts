import { type OptionReader, parseAddressPattern, readOptions, tableKey } from 'mailwright'
import type { Destination } from './destination.ts'
import { type DestinationInput, readDestination } from './destination-option.ts'
import type { LmtpTimeouts } from './lmtp/lmtp-connection.ts'
import { type LmtpTlsLevel, type LmtpTlsSettings, lmtpTlsLevels } from './lmtp/lmtp-tls.ts'
import { type PipeInput, type PipeOptions, readPipe } from './pipe-options.ts'
import type { TransportTable } from './transport-map.ts'

export type { DestinationInput } from './destination-option.ts'
export type { LmtpTlsLevel } from './lmtp/lmtp-tls.ts'
export type { PipeInput, PipeOptions } from './pipe-options.ts'

/** Connections to LMTP servers. */
export interface LmtpInput {
  /** How long connecting may take. `30s` */
  readonly connectTimeout?: number | string
  /** How long a server may take for its answer to a command. `60s` */
  readonly commandTimeout?: number | string
  /** How long it may take for its answers to a message. `4m` */
  readonly dataTimeout?: number | string
  /** Connections to one server at a time. 20 */
  readonly maxConnections?: number
  /** How long a connection is kept for the next message. `10s`; 0: not at all. */
  readonly idleTime?: number | string
  /** What is demanded of TLS at servers that are hosts. `may` */
  readonly tls?: LmtpTlsLevel
  /** The same for single hosts, by their name or address. */
  readonly tlsFor?: Readonly<Record<string, LmtpTlsLevel>>
  /** Absolute path of a PEM file of authorities that are trusted beside the well-known ones and the system's. */
  readonly authorities?: string
}

/** What a config may say. */
export interface TransportsInput {
  /**
   * Where mail goes, by address (`list@example.org`), local part (`list@`), domain (`example.org`, `@example.org`), the domains
   * below one (`.example.org`), or `*` for all others.
   */
  readonly map?: Readonly<Record<string, DestinationInput>>
  /** Tables whose values are `transport:nexthop`, as transport(5) has them; asked behind the entries of `map`. */
  readonly tables?: readonly TransportTable[]
  /** Programs by the names that `map` and tables have for them. */
  readonly pipes?: Readonly<Record<string, PipeInput>>
  readonly lmtp?: LmtpInput
  /** What separates user and detail; empty for none. `+` */
  readonly detailSeparator?: string
}

export interface TransportsOptions {
  readonly map: ReadonlyMap<string, Destination>
  readonly tables: readonly TransportTable[]
  readonly pipes: ReadonlyMap<string, PipeOptions>
  readonly lmtp: {
    readonly timeouts: LmtpTimeouts
    readonly maxConnections: number
    readonly idleTime: number
    readonly tls: LmtpTlsSettings
  }
  readonly detailSeparator: string
}

export function parseOptions(input: unknown): TransportsOptions {
  const read = readOptions(input)
  const pipes = new Map<string, PipeOptions>()
  eachOf(read, 'pipes', (name, one) => {
    if (!/^[a-z][a-z0-9_-]*$/.test(name) || reserved.includes(name))
      one.fault(name, 'is no name of a program: lower case, and none that transport(5) has a meaning for')
    const pipe = one.object(name, readPipe)
    if (pipe !== undefined) pipes.set(name, pipe)
  })
  const map = new Map<string, Destination>()
  eachOf(read, 'map', (key, one) => {
    const destination = readDestination(one, key, pipes)
    // As a local part it is looked up without quotes, too.
    const spelt = key.endsWith('@') ? parseAddressPattern(key)?.key : undefined
    if (destination !== undefined) map.set(spelt ?? tableKey(key), destination)
  })
  return read.done({
    map,
    pipes,
    tables: readTables(read),
    lmtp: read.object('lmtp', readLmtp) ?? readLmtp(readOptions({})),
    detailSeparator: read.string('detailSeparator', {
      default: '+',
      pattern: /^[!-/:-?[-`{-~]{0,2}$/,
      expected: 'one or two punctuation characters, or empty',
    }),
  })
}

const reserved: readonly string[] = [
  'discard',
  'error',
  'hold',
  'lmtp',
  'local',
  'relay',
  'retry',
  'smtp',
  'virtual',
]

/** Reads the members of an option that is an object with names of the user's own. */
function eachOf(read: OptionReader, name: string, each: (key: string, one: OptionReader) => void): void {
  const value = read.value(name)
  if (value === undefined) return
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    read.fault(name, 'must be an object')
    return
  }
  read.object(name, (one) => {
    for (const key of Object.keys(value)) {
      one.value(key)
      each(key, one)
    }
  })
}

function readTables(read: OptionReader): readonly TransportTable[] {
  const value = read.value('tables')
  if (value === undefined) return []
  const isTable = (one: unknown) => typeof (one as TransportTable | undefined)?.lookUp === 'function'
  if (Array.isArray(value) && value.every(isTable)) return value
  read.fault(
    'tables',
    'must be a list of tables, such as table("hash:/etc/postfix/transport") of the plugin aliases',
  )
  return []
}

function readLmtp(read: OptionReader): TransportsOptions['lmtp'] {
  return {
    timeouts: {
      connect: read.duration('connectTimeout', { default: '30s', min: 100, max: 120_000 }),
      command: read.duration('commandTimeout', { default: '60s', min: 100, max: 300_000 }),
      data: read.duration('dataTimeout', { default: '4m', min: 100, max: 480_000 }),
    },
    maxConnections: read.integer('maxConnections', { default: 20, min: 1, max: 1_000 }),
    idleTime: read.duration('idleTime', { default: '10s', max: 600_000 }),
    tls: {
      level: read.choice('tls', lmtpTlsLevels, { default: 'may' }),
      levels: readLevels(read),
      authorities: read.absolutePath('authorities'),
    },
  }
}

function readLevels(read: OptionReader): ReadonlyMap<string, LmtpTlsLevel> {
  const levels = new Map<string, LmtpTlsLevel>()
  eachOf(read, 'tlsFor', (host, one) => levels.set(host.toLowerCase(), one.choice(host, lmtpTlsLevels)))
  return levels
}
