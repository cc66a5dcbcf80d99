import {
  type Address,
  type AddressPatternNotation,
  type AddressPatterns,
  addressKey,
  type Network,
  type OptionReader,
  parseAddress,
  readAddressPatterns,
  readDomainPatterns,
  readOptions,
} from 'mailwright'
import { readNetworks } from 'mailwright/network'

/** Clients that may send anywhere for the certificate that they show. Their listener must ask for it. */
export interface ClientCertificatesInput {
  /** SHA-256 of certificates, with or without colons. Whoever has the key may relay, whoever signed it. */
  readonly fingerprints?: readonly string[]
  /** Subjects of verified certificates, as the history shows them: `CN=relay.example.org`. */
  readonly subjects?: readonly string[]
  /**
   * Every verified certificate. Only where the listener trusts an authority of your own and no other
   * (`clientCertificateAuthorities`): else whoever has any certificate may relay. False.
   */
  readonly anyVerified?: boolean
}

/** What a config may say. */
export interface RelayInput {
  /** Clients in these networks may send anywhere: `['127.0.0.1', '::1', '192.0.2.0/24']`. None. */
  readonly networks?: readonly string[]
  /** Who may send anywhere after a login: `all`, or accounts by their address, their local part (`jo@`), or domains such as `@example.org`. `all` */
  readonly accounts?: 'all' | readonly string[]
  readonly clientCertificates?: ClientCertificatesInput
  /** Whether programs of this machine may send anywhere (`mailwright sendmail`, `mailwright deliver`). True. */
  readonly local?: boolean
  /** Domains of others whose mail we take and pass on, from everybody. `.example.org` is every domain below it. None. */
  readonly backupMxFor?: readonly string[]
  /** Absolute path of a file with the addresses that exist in these domains, one a line. All are taken where absent. */
  readonly backupRecipients?: string
  /** What separates user and detail in addresses of these domains; an empty text separates none. `+` */
  readonly detailSeparator?: string
  /** Under which reverse-path one may send after a login: `own` addresses, or `any`. `own` */
  readonly senders?: 'own' | 'any'
  /**
   * The same for the fields From and Sender: `own` addresses; `local`, own ones among those of our domains and any of
   * others; or `any`. `own`
   */
  readonly fromField?: 'own' | 'local' | 'any'
  /** What else is an account's own: by its address a list in the same form. */
  readonly extraSenders?: Readonly<Record<string, readonly string[]>>
  /** Whether mail may go to address literals such as `jo@[192.0.2.1]`. False. */
  readonly addressLiterals?: boolean
  /** The host, or `host:port`, that all mail to others goes to (a smart host). The MX of each domain where absent. */
  readonly nextHop?: string
}

/** The same, checked. */
export interface RelayOptions {
  readonly networks: readonly Network[]
  readonly accounts: 'all' | AddressPatterns
  readonly clientCertificates: CertificateRules
  readonly local: boolean
  readonly backupMxFor: AddressPatterns
  readonly backupRecipients: string | undefined
  readonly detailSeparator: string
  readonly senders: 'own' | 'any'
  readonly fromField: 'own' | 'local' | 'any'
  /** By `addressKey` of the account's address. */
  readonly extraSenders: ReadonlyMap<string, AddressPatterns>
  readonly addressLiterals: boolean
  readonly nextHop: string | undefined
}

export interface CertificateRules {
  /** 64 hexadecimal digits in lower case. */
  readonly fingerprints: ReadonlySet<string>
  readonly subjects: ReadonlySet<string>
  readonly anyVerified: boolean
}

// `jo` is rather half of an account's address than a domain.
const notation: AddressPatternNotation = { words: 'fault' }

// A host name, an IPv4 address, or an IPv6 address in brackets; a port may follow.
const nextHopForm = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/** Reads and checks the options. Throws ConfigError with all faults. */
export function parseOptions(input: unknown): RelayOptions {
  const read = readOptions(input)
  const backupMxFor = readDomainPatterns(read, 'backupMxFor')
  const backupRecipients = read.absolutePath('backupRecipients')
  if (backupRecipients !== undefined && backupMxFor.size === 0)
    read.fault('backupRecipients', 'is for `backupMxFor`, which names no domain')
  return read.done({
    networks: readNetworks(read, 'networks'),
    accounts: readAccounts(read),
    clientCertificates: read.object('clientCertificates', readCertificates) ?? noCertificates,
    local: read.boolean('local', { default: true }),
    backupMxFor,
    backupRecipients,
    detailSeparator: readSeparator(read),
    senders: read.choice('senders', ['own', 'any'], { default: 'own' }),
    fromField: read.choice('fromField', ['own', 'local', 'any'], { default: 'own' }),
    extraSenders: readExtraSenders(read),
    addressLiterals: read.boolean('addressLiterals', { default: false }),
    nextHop: readNextHop(read),
  })
}

function readAccounts(read: OptionReader): 'all' | AddressPatterns {
  const value = read.value('accounts')
  return value === undefined || value === 'all' ? 'all' : readAddressPatterns(read, 'accounts', notation)
}

const noCertificates: CertificateRules = {
  fingerprints: new Set(),
  subjects: new Set(),
  anyVerified: false,
}

function readCertificates(read: OptionReader): CertificateRules {
  const fingerprints = read.strings('fingerprints', { default: [] }).map((text, index) => {
    const digits = text.replaceAll(':', '').toLowerCase()
    if (!/^[0-9a-f]{64}$/.test(digits))
      read.fault(
        `fingerprints[${index}]`,
        'must be a SHA-256 in 64 hexadecimal digits, with or without colons',
      )
    return digits
  })
  return {
    fingerprints: new Set(fingerprints),
    subjects: new Set(read.strings('subjects', { default: [] })),
    anyVerified: read.boolean('anyVerified', { default: false }),
  }
}

function readSeparator(read: OptionReader): string {
  const value = read.value('detailSeparator')
  if (value === undefined || typeof value === 'string') return value ?? '+'
  read.fault('detailSeparator', 'must be a text')
  return ''
}

function readExtraSenders(read: OptionReader): ReadonlyMap<string, AddressPatterns> {
  const value = read.value('extraSenders') ?? {}
  const extra = new Map<string, AddressPatterns>()
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    read.fault('extraSenders', 'must be an object with the addresses of accounts as names')
    return extra
  }
  read.object('extraSenders', (one) => {
    for (const name of Object.keys(value)) {
      const account: Address | undefined = parseAddress(name)
      if (account === undefined) read.fault('extraSenders', `"${name}" is no address of an account`)
      const patterns = readAddressPatterns(one, name, notation)
      if (account !== undefined) extra.set(addressKey(account), patterns)
    }
  })
  return extra
}

function readNextHop(read: OptionReader): string | undefined {
  const text = read.optionalString('nextHop')
  if (text === undefined || nextHopForm.test(text)) return text
  read.fault('nextHop', 'must be a host, or a host with a port, such as "smart.example.org:587"')
  return undefined
}
