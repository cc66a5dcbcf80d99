import { type OptionReader, readOptions } from 'mailwright'
import { parseSocketAddress, readNetworks } from 'mailwright/network'
import type { MilterSettings } from './milter.ts'
import { bareName, type ChunkSize } from './negotiation.ts'

/** What the plugin runs with. */
export interface MilterOptions {
  readonly milters: readonly MilterSettings[]
}

/** The sessions that a milter may see. */
export type MilterRole = 'transfer' | 'submission' | 'lmtp' | 'local' | 'internal'

/** What becomes of mail when a milter cannot be asked. */
export type WhenUnavailable = 'tempfail' | 'accept' | 'reject' | 'quarantine'

/** What a config may write. */
export interface MilterInput {
  /** The milters in the order in which they are asked. Each sees the message with the changes of those before it. */
  readonly milters: readonly MilterEntry[]
}

/** What a config may write of a milter. */
export interface MilterEntry {
  /** Where it listens: `unix:/path`, `inet:port@host` or `inet:host:port`. */
  readonly socket: string
  /** What it is called in the history and the log. The socket where absent. */
  readonly name?: string
  /**
   * Whose sessions it sees: of the listeners `transfer`, `submission`, `lmtp`, of programs of this machine, `local`, and of the server
   * itself, `internal`. The first two.
   */
  readonly roles?: readonly MilterRole[]
  /** Addresses and networks of clients whose sessions it does not see, such as `192.0.2.0/24`. */
  readonly exempt?: readonly string[]
  /** What becomes of mail when it cannot be asked: `tempfail`, `reject`, `accept`, `quarantine`. `tempfail`. */
  readonly whenUnavailable?: WhenUnavailable
  /** How long it may take. */
  readonly timeouts?: MilterTimeouts
  /** Further macros, or other values of those that it gets, by their names without braces. */
  readonly macros?: Readonly<Record<string, string>>
  /** The largest piece of a message to offer it: `64K`, `256K`, `1M`. `64K`. */
  readonly maxChunk?: ChunkSize
  /** Octets of a body that it may put in place of another. `50M`. */
  readonly maxBody?: number | string
}

/** How long a milter may take. */
export interface MilterTimeouts {
  /** To take a connection. `30s`. */
  readonly connect?: number | string
  /** For an answer before the message. `30s`. */
  readonly command?: number | string
  /** For an answer while the message is sent and at its end. `5m`. */
  readonly message?: number | string
  /** For a whole message, even where it says again and again that it is at work. `9m`. */
  readonly total?: number | string
}

const roles: readonly MilterRole[] = ['transfer', 'submission', 'lmtp', 'local', 'internal']

export function parseOptions(input: unknown): MilterOptions {
  const read = readOptions(input)
  const milters = read.list('milters', readMilter)
  if (milters.length === 0) read.fault('milters', 'must hold at least one milter')
  const names = milters.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (twice !== undefined) read.fault('milters', `has "${twice}" twice; give each a name of its own`)
  return read.done({ milters })
}

function readMilter(read: OptionReader): MilterSettings {
  const socket = read.string('socket')
  const address = parseSocketAddress(socket)
  if (socket !== '' && address === undefined)
    read.fault('socket', 'must be such as "unix:/run/opendkim/opendkim.sock" or "inet:8891@127.0.0.1"')
  return {
    socket,
    name: read.string('name', { default: socket, pattern: /^[!-~]{1,80}$/, expected: 'a word' }),
    address: address ?? { path: '/' },
    roles: read.choices('roles', roles, { default: ['transfer', 'submission'] }),
    exempt: readNetworks(read, 'exempt'),
    whenUnavailable: read.choice('whenUnavailable', ['tempfail', 'accept', 'reject', 'quarantine'], {
      default: 'tempfail',
    }),
    timeouts: read.object('timeouts', readTimeouts) ?? readTimeouts(readOptions({})),
    macros: readMacros(read),
    maxChunk: read.choice('maxChunk', ['64K', '256K', '1M'], { default: '64K' }),
    maxBody: read.size('maxBody', { default: '50M', min: 1 }),
  }
}

function readTimeouts(read: OptionReader): MilterSettings['timeouts'] {
  const bounds = { min: 10, max: 3_600_000 }
  return {
    connect: read.duration('connect', { default: '30s', ...bounds }),
    command: read.duration('command', { default: '30s', ...bounds }),
    message: read.duration('message', { default: '5m', ...bounds }),
    total: read.duration('total', { default: '9m', ...bounds }),
  }
}

function readMacros(read: OptionReader): ReadonlyMap<string, string> {
  const values = read.value('macros') ?? {}
  const entries = typeof values === 'object' && !Array.isArray(values) ? Object.entries(values) : undefined
  const isGood = ([name, value]: readonly [string, unknown]): boolean =>
    /^[\w]{1,80}$/.test(bareName(name)) && typeof value === 'string' && !value.includes('\0')
  if (entries?.every(isGood) === true)
    return new Map(entries.map(([name, value]) => [bareName(name), value as string]))
  read.fault('macros', 'must be an object of texts, such as { daemon_name: "ORIGINATING" }')
  return new Map()
}
