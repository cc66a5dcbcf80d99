import { isAbsolute } from 'node:path'
import { canonicalDomain, type Network, type OptionReader, parseNetwork, readOptions } from 'mailwright'
import { readNetworks } from 'mailwright/network'

/** A log of another POP3 or IMAP server. */
export interface LogInput {
  /** Absolute path of the file. Who can write to it can open the relay for any address. */
  readonly path: string
  /** Who writes it. */
  readonly format: 'dovecot' | 'courier'
  /** The server lets nobody log in without TLS, so that its lines need not say that there was. False. */
  readonly alwaysTls?: boolean
  /** What is put behind logins without a domain, so that they can be compared with addresses. Nothing. */
  readonly domain?: string
}

/** What a config may say. */
export interface PopBeforeSmtpInput {
  /** For how long after its last login a client may send. `10m`, at most `1h`. */
  readonly openFor?: number | string
  /** Whether only logins under TLS count. True. */
  readonly requireTls?: boolean
  /** Whether the client may send only under addresses of the accounts that have logged in from there. True. */
  readonly ownSender?: boolean
  /** Whether it counts on submission listeners too: on those with `auth: false`. False. */
  readonly submission?: boolean
  /**
   * Networks whose logins open nothing, since many clients share their addresses: loopback, private networks, those of
   * carriers behind NAT, Teredo and NAT64.
   */
  readonly exclude?: readonly string[]
  /** Logs of other servers to follow. None. */
  readonly logs?: readonly LogInput[]
}

/** The same, checked. */
export interface PopBeforeSmtpOptions {
  /** Milliseconds. */
  readonly openFor: number
  readonly requireTls: boolean
  readonly ownSender: boolean
  readonly submission: boolean
  readonly exclude: readonly Network[]
  readonly logs: readonly (Required<Omit<LogInput, 'domain'>> & { readonly domain: string | undefined })[]
}

// RFC 6890 §2.2 has them all: loopback, private, carriers' and link-local networks; Teredo and NAT64, whose /64 is not one
// client's.
const sharedNetworks = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
  ...['::1', 'fe80::/10', 'fc00::/7', '2001::/32', '64:ff9b::/96'],
]

/** Reads and checks the options. Throws ConfigError with all faults. */
export function parseOptions(input: unknown): PopBeforeSmtpOptions {
  const read = readOptions(input)
  const isDefault = read.value('exclude') === undefined
  return read.done({
    openFor: read.duration('openFor', { default: '10m', min: 1000, max: 3_600_000 }),
    requireTls: read.boolean('requireTls', { default: true }),
    ownSender: read.boolean('ownSender', { default: true }),
    submission: read.boolean('submission', { default: false }),
    exclude: isDefault
      ? sharedNetworks.flatMap((text) => parseNetwork(text) ?? [])
      : readNetworks(read, 'exclude'),
    logs: read.list('logs', readLog),
  })
}

function readLog(read: OptionReader): PopBeforeSmtpOptions['logs'][number] {
  const path = read.string('path')
  if (path !== '' && !isAbsolute(path)) read.fault('path', 'must be an absolute path')
  const domain = read.optionalString('domain')
  if (domain !== undefined && canonicalDomain(domain) === undefined)
    read.fault('domain', 'must be a domain such as "example.org"')
  return {
    path,
    format: read.choice('format', ['dovecot', 'courier']),
    alwaysTls: read.boolean('alwaysTls', { default: false }),
    domain,
  }
}
