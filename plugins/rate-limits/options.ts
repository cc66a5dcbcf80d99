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
import { type Rate, readRates } from './rate.ts'

/** Of the options `ipv4Prefix` and `ipv6Prefix`. */
interface ClientNetworks {
  /** What makes one client. */
  readonly prefixes: PrefixLengths
}

/** How much may come from whom. */
export interface RateLimitsOptions extends ClientNetworks {
  readonly exempt: readonly Network[]
  /** Leading bits of an address that make one client. */
  readonly clients: readonly ClientLimits[]
  readonly accounts: EnvelopeLimits
  readonly senders: SenderLimits
  readonly recipientAddresses: readonly Rate[]
  readonly maxEntries: number
}

/** Rates of messages and recipients; none: no limit. */
export interface EnvelopeLimits {
  readonly messages: readonly Rate[]
  readonly recipients: readonly Rate[]
}

/** What one client network may do at the listeners of some roles. */
export interface ClientLimits extends EnvelopeLimits {
  readonly roles: ReadonlySet<SessionRole>
  /** At the same time; 0: no limit. */
  readonly connections: number
  readonly connectionRate: readonly Rate[]
  readonly unknownRecipients: readonly Rate[]
}

export interface SenderLimits extends EnvelopeLimits {
  readonly by: 'address' | 'domain'
}

/** One rate such as `100/1h`, or several that hold together. */
export type RateInput = string | readonly string[]

/** What a config may write. */
export interface RateLimitsInput {
  /** Clients that have no limits as such: this machine. Accounts have theirs all the same. */
  readonly exempt?: readonly string[]
  /** Leading bits of an IPv4 address that make one client: 32. */
  readonly ipv4Prefix?: number
  /** Leading bits of an IPv6 address that make one client: 64. */
  readonly ipv6Prefix?: number
  /** Limits of each client network, by the roles of listeners; all entries that have a role hold. */
  readonly clients?: readonly ClientLimitsInput[]
  /** Limits of each account that has logged in to send, but for those with a sending limit of their own. */
  readonly accounts?: EnvelopeLimitsInput
  /** Limits of each sender address or domain. */
  readonly senders?: SenderLimitsInput
  /** How often mail for one recipient address may come. */
  readonly recipientAddresses?: RateInput
  /** Counters that are kept in memory: 50,000. */
  readonly maxEntries?: number
}

/** What is counted of envelopes. */
export interface EnvelopeLimitsInput {
  /** MAIL commands, whatever becomes of them. */
  readonly messages?: RateInput
  /** RCPT commands, whatever becomes of them. */
  readonly recipients?: RateInput
}

/** Of one client network. */
export interface ClientLimitsInput extends EnvelopeLimitsInput {
  /** Such as `['transfer']`. */
  readonly roles: readonly SessionRole[]
  /** Connections at the same time, at all listeners of these roles together. 0: no limit. */
  readonly connections?: number
  /** New connections. */
  readonly connectionRate?: RateInput
  /** Recipients in domains of this server that nobody has. */
  readonly unknownRecipients?: RateInput
}

/** Of one sender. */
export interface SenderLimitsInput extends EnvelopeLimitsInput {
  /** What is one sender: `address` or `domain`. `address` */
  readonly by?: 'address' | 'domain'
}

const thisMachine: readonly Network[] = ['127.0.0.0/8', '::1/128'].flatMap((text) => parseNetwork(text) ?? [])

export function parseOptions(input: unknown): RateLimitsOptions {
  const read = readOptions(input)
  return read.done({
    exempt: read.value('exempt') === undefined ? thisMachine : readNetworks(read, 'exempt'),
    prefixes: {
      ipv4: read.integer('ipv4Prefix', { default: 32, min: 8, max: 32 }),
      ipv6: read.integer('ipv6Prefix', { default: 64, min: 16, max: 128 }),
    },
    clients: read.value('clients') === undefined ? defaultClients : read.list('clients', readClient),
    accounts: read.object('accounts', readEnvelope) ?? none,
    senders: read.object('senders', readSenders) ?? { by: 'address', ...none },
    recipientAddresses: readRates(read, 'recipientAddresses'),
    maxEntries: read.integer('maxEntries', { default: 50_000, min: 1000, max: 10_000_000 }),
  })
}

const none: EnvelopeLimits = { messages: [], recipients: [] }

/** As many connections as Postfix lets a client have, and a stop to those who guess at addresses. */
const defaultClients: readonly ClientLimits[] = [
  {
    roles: new Set(['transfer', 'submission']),
    connections: 50,
    connectionRate: [],
    ...none,
    unknownRecipients: [{ most: 30, per: 600_000 }],
  },
]

function readEnvelope(read: OptionReader): EnvelopeLimits {
  return { messages: readRates(read, 'messages'), recipients: readRates(read, 'recipients') }
}

function readSenders(read: OptionReader): SenderLimits {
  const by = read.choice('by', ['address', 'domain'], { default: 'address' })
  return { by, ...readEnvelope(read) }
}

function readClient(read: OptionReader): ClientLimits {
  return {
    roles: new Set(readListenerRoles(read, 'roles')),
    connections: read.integer('connections', { default: 0, min: 0, max: 1_000_000 }),
    connectionRate: readRates(read, 'connectionRate'),
    ...readEnvelope(read),
    unknownRecipients: readRates(read, 'unknownRecipients'),
  }
}
