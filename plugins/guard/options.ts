import {
  type Network,
  type OptionReader,
  type PrefixLengths,
  parseNetwork,
  readListenerRoles,
  readOptions,
  type SessionRole,
} from 'mailwright'
import { readNetworks } from 'mailwright/network'
import type { Delays, GuardOptions, RestrictionLengths, Thresholds } from './settings.ts'

/** What a config may write. */
export interface GuardInput {
  /** The listeners that are guarded: transfer, submission, imap, pop3, managesieve and http. */
  readonly roles?: readonly SessionRole[]
  /** Addresses and networks whose failures do not count: this machine. A list takes the place of the default. */
  readonly neverBan?: readonly string[]
  /** Leading bits of an IPv4 address that make one client: 32. */
  readonly ipv4Prefix?: number
  /** Leading bits of an IPv6 address that make one client: 64. */
  readonly ipv6Prefix?: number
  /** The same for a client's surroundings: 24. */
  readonly wideIpv4Prefix?: number
  /** 48 */
  readonly wideIpv6Prefix?: number
  /** How long failures count, from the first of them on: `15m`. */
  readonly window?: number | string
  /** Failures of one client until it is banned: 10. 0: never; so for all counts. */
  readonly networkFailures?: number
  /** Failures of all clients of the surroundings until these are banned: 60. */
  readonly wideFailures?: number
  /** Failures of one name from strange networks until it is protected: 20. */
  readonly loginFailures?: number
  /** Failures of one name from one strange network until it is refused from there: 10. */
  readonly pairFailures?: number
  /** How many failures of one and the same name count for the network: 3. */
  readonly sameLogin?: number
  /** Networks from which somebody has logged in lately may fail so many times as often: 5. */
  readonly knownFactor?: number
  /** How long the first ban, refusal or protection lasts; each further one twice as long: `15m`. */
  readonly banFor?: number | string
  /** The longest: `1d`. */
  readonly longestBan?: number | string
  /** How long after its end a ban is remembered: `7d`. */
  readonly forgetAfter?: number | string
  /** How long a network counts as known after a login from there: `30d`. */
  readonly knownFor?: number | string
  /** What becomes of logins from strange networks while a name is protected: `delay`. */
  readonly strangers?: 'delay' | 'refuse'
  /** How long the answer to the first failure waits; twice as long for each further one: `1s`. 0: none waits. */
  readonly firstDelay?: number | string
  /** The longest wait: `15s`. */
  readonly longestDelay?: number | string
  /** Answers that wait at the same time: 200. Others go out at once. */
  readonly maxDelayed?: number
  /** Those of one network: 10. */
  readonly maxDelayedPerNetwork?: number
  /** Strangers who wait with the name of one protected login: 4. Others are refused. */
  readonly maxDelayedPerLogin?: number
  /** How soon what other processes know is known here: `1s`. */
  readonly syncEvery?: number | string
  /** Counters that are kept in memory, and rows of each table: 50,000. */
  readonly maxEntries?: number
}

const guarded: readonly SessionRole[] = ['transfer', 'submission', 'imap', 'pop3', 'managesieve', 'http']
const thisMachine: readonly Network[] = ['127.0.0.0/8', '::1/128'].flatMap((text) => parseNetwork(text) ?? [])
const year = 366 * 86_400_000

export function parseOptions(input: unknown): GuardOptions {
  const read = readOptions(input)
  const client = readPrefixes(read, ['ipv4Prefix', 'ipv6Prefix'], { ipv4: 32, ipv6: 64 })
  return read.done({
    roles: new Set(readListenerRoles(read, 'roles', { default: guarded })),
    neverBan: read.value('neverBan') === undefined ? thisMachine : readNetworks(read, 'neverBan'),
    client,
    surroundings: readPrefixes(read, ['wideIpv4Prefix', 'wideIpv6Prefix'], {
      ipv4: Math.min(24, client.ipv4),
      ipv6: Math.min(48, client.ipv6),
    }),
    window: read.duration('window', { default: '15m', min: 1000, max: year }),
    thresholds: readThresholds(read),
    restriction: readLengths(read),
    knownFor: read.duration('knownFor', { default: '30d', max: year }),
    strangers: read.choice('strangers', ['delay', 'refuse'], { default: 'delay' }),
    delay: readDelays(read),
    syncEvery: read.duration('syncEvery', { default: '1s', min: 100, max: 60_000 }),
    maxEntries: read.integer('maxEntries', { default: 50_000, min: 1000, max: 10_000_000 }),
  })
}

function readPrefixes(
  read: OptionReader,
  [v4, v6]: readonly [string, string],
  fallback: PrefixLengths,
): PrefixLengths {
  return {
    ipv4: read.integer(v4, { default: fallback.ipv4, min: 8, max: 32 }),
    ipv6: read.integer(v6, { default: fallback.ipv6, min: 16, max: 128 }),
  }
}

function readThresholds(read: OptionReader): Thresholds {
  const count = (name: string, fallback: number, min = 0): number =>
    read.integer(name, { default: fallback, min, max: 1_000_000 })
  return {
    network: count('networkFailures', 10),
    surroundings: count('wideFailures', 60),
    login: count('loginFailures', 20),
    loginFromNetwork: count('pairFailures', 10),
    sameLogin: count('sameLogin', 3, 1),
    knownFactor: count('knownFactor', 5, 1),
  }
}

function readLengths(read: OptionReader): RestrictionLengths {
  const first = read.duration('banFor', { default: '15m', min: 1000, max: year })
  const longest = read.duration('longestBan', { default: Math.max(first, 86_400_000), min: 1000, max: year })
  if (longest < first) read.fault('longestBan', 'must not be shorter than `banFor`')
  return { first, longest, forgetAfter: read.duration('forgetAfter', { default: '7d', max: year }) }
}

function readDelays(read: OptionReader): Delays {
  return {
    first: read.duration('firstDelay', { default: '1s', max: 60_000 }),
    longest: read.duration('longestDelay', { default: '15s', max: 60_000 }),
    most: read.integer('maxDelayed', { default: 200, min: 0, max: 1_000_000 }),
    mostPerNetwork: read.integer('maxDelayedPerNetwork', { default: 10, min: 0, max: 1_000_000 }),
    mostPerLogin: read.integer('maxDelayedPerLogin', { default: 4, min: 0, max: 1_000_000 }),
  }
}
