import {
  type Address,
  canonicalDomain,
  type Network,
  networkProblem,
  type OptionReader,
  parseAddress,
  parseDomainPattern,
  parseNetwork,
  readOptions,
  readRecipientPatterns,
} from 'mailwright'
import type { AddressTable } from './address-map.ts'
import type { MasqueradeDomain, MasqueradeSettings } from './masquerade.ts'
import { readTables, type TableInput } from './table-option.ts'

/** Where an address stands. */
export type AddressClass = 'envelope-sender' | 'envelope-recipient' | 'header-sender' | 'header-recipient'

/** What a config may say. */
export interface RewritingInput {
  /** Tables as canonical(5) has them, for all addresses. */
  readonly canonical?: TableInput
  /** The same for senders, and for recipients, asked before `canonical`. */
  readonly senderCanonical?: TableInput
  readonly recipientCanonical?: TableInput
  /** Which addresses `canonical` is for. All. */
  readonly canonicalClasses?: readonly AddressClass[]
  /** Which ones `senderCanonical` is for. `envelope-sender`, `header-sender`. */
  readonly senderCanonicalClasses?: readonly AddressClass[]
  /** Which ones `recipientCanonical` is for. `envelope-recipient`, `header-recipient`. */
  readonly recipientCanonicalClasses?: readonly AddressClass[]
  /** Tables as generic(5) has them: what addresses are called in mail that leaves for other hosts. */
  readonly generic?: TableInput
  /** Names of hosts below these domains are left out of addresses. */
  readonly masquerade?: MasqueradeInput
  /** The domain of addresses without one, in headers of local clients. They stay as they are where it is absent. */
  readonly origin?: string
  /** What follows a domain of a single word, in mail of local clients. It stays as it is where this is absent. */
  readonly appendDomain?: string
  /** Where names without a domain in tables are names. `origin`, or this server's name. */
  readonly localDomains?: readonly string[]
  /** Networks whose clients are local ones, beside users who have logged in and programs of this system. */
  readonly localNetworks?: readonly string[]
  /** Addresses that get a copy of all mail. */
  readonly alwaysBcc?: readonly string[]
  /** Who gets a copy of mail from a sender. */
  readonly senderBcc?: TableInput
  /** Who gets a copy of mail for a recipient. */
  readonly recipientBcc?: TableInput
  /** What separates user and detail; empty for none. `+` */
  readonly detailSeparator?: string
}

/** As Postfix's `masquerade_…` parameters. */
export interface MasqueradeInput {
  /** In their order: `example.org` with what is below it, or `!example.org` to leave both alone. */
  readonly domains: readonly string[]
  /** Local parts that keep their domains, such as `root`; addresses, and domains with what is below them, too. */
  readonly exceptions?: readonly string[]
  /** Which addresses. All but `envelope-recipient`. */
  readonly classes?: readonly AddressClass[]
}

export interface RewritingOptions {
  /** In the order in which they are asked. */
  readonly canonical: readonly {
    readonly tables: readonly AddressTable[]
    readonly classes: ReadonlySet<AddressClass>
  }[]
  readonly generic: readonly AddressTable[]
  readonly masquerade:
    | (MasqueradeSettings & {
        readonly classes: ReadonlySet<AddressClass>
      })
    | undefined
  readonly origin: string | undefined
  readonly appendDomain: string | undefined
  readonly localDomains: readonly string[] | undefined
  readonly localNetworks: readonly Network[]
  readonly alwaysBcc: readonly Address[]
  readonly senderBcc: readonly AddressTable[]
  readonly recipientBcc: readonly AddressTable[]
  readonly detailSeparator: string
}

const senders = ['envelope-sender', 'header-sender'] as const
const recipients = ['envelope-recipient', 'header-recipient'] as const

export function parseOptions(input: unknown): RewritingOptions {
  const read = readOptions(input)
  return read.done({
    canonical: [
      canonicalOf(read, 'senderCanonical', senders),
      canonicalOf(read, 'recipientCanonical', recipients),
      canonicalOf(read, 'canonical', [...senders, ...recipients]),
    ],
    generic: readTables(read, 'generic'),
    masquerade: read.object('masquerade', readMasquerade),
    origin: readDomain(read, 'origin'),
    appendDomain: readDomain(read, 'appendDomain'),
    localDomains:
      read.value('localDomains') === undefined
        ? undefined
        : read.strings('localDomains').map((text, index) => domainOf(read, `localDomains[${index}]`, text)),
    localNetworks: readNetworks(read),
    alwaysBcc: readAddresses(read),
    senderBcc: readTables(read, 'senderBcc'),
    recipientBcc: readTables(read, 'recipientBcc'),
    detailSeparator: read.string('detailSeparator', {
      default: '+',
      pattern: /^[!-/:-?[-`{-~]{0,2}$/,
      expected: 'one or two punctuation characters, or empty',
    }),
  })
}

/** All that are asked. */
export function tablesOf(options: RewritingOptions): readonly AddressTable[] {
  const { canonical, generic, senderBcc, recipientBcc } = options
  return [...canonical.flatMap(({ tables }) => tables), ...generic, ...senderBcc, ...recipientBcc]
}

function canonicalOf(
  read: OptionReader,
  name: 'canonical' | 'senderCanonical' | 'recipientCanonical',
  classes: readonly AddressClass[],
): RewritingOptions['canonical'][number] {
  return { tables: readTables(read, name), classes: classesOf(read, `${name}Classes`, classes) }
}

function classesOf(
  read: OptionReader,
  name: string,
  standard: readonly AddressClass[],
): ReadonlySet<AddressClass> {
  const known: readonly string[] = [...senders, ...recipients]
  const given = read.strings(name, { default: standard })
  const unknown = given.find((one) => !known.includes(one))
  if (unknown !== undefined) read.fault(name, `has "${unknown}", which is none of ${known.join(', ')}`)
  return new Set(given as readonly AddressClass[])
}

function readMasquerade(read: OptionReader): RewritingOptions['masquerade'] {
  return {
    domains: read
      .strings('domains')
      .flatMap((text, index) => masqueradeDomain(read, `domains[${index}]`, text)),
    exceptions: readRecipientPatterns(read, 'exceptions', {
      domainsIncludeBelow: true,
      default: [],
      lenient: true,
    }),
    classes: classesOf(read, 'classes', [...senders, 'header-recipient']),
  }
}

function masqueradeDomain(read: OptionReader, name: string, text: string): readonly MasqueradeDomain[] {
  const isKept = text.startsWith('!')
  const pattern = parseDomainPattern(isKept ? text.slice(1) : text)
  if (pattern === undefined) read.fault(name, 'must be a domain')
  return pattern === undefined ? [] : [{ key: pattern.key, name: pattern.key.replace(/^[.@]/, ''), isKept }]
}

function readDomain(read: OptionReader, name: string): string | undefined {
  const text = read.optionalString(name)
  return text === undefined ? undefined : domainOf(read, name, text)
}

function domainOf(read: OptionReader, name: string, text: string): string {
  const domain = canonicalDomain(text)
  if (domain === undefined) read.fault(name, 'must be a domain')
  return domain ?? ''
}

function readNetworks(read: OptionReader): readonly Network[] {
  return read.strings('localNetworks', { default: [] }).flatMap((text, index) => {
    const network = parseNetwork(text)
    if (network === undefined) read.fault(`localNetworks[${index}]`, `must be ${networkProblem(text)}`)
    return network ?? []
  })
}

function readAddresses(read: OptionReader): readonly Address[] {
  return read.strings('alwaysBcc', { default: [] }).flatMap((text, index) => {
    const address = parseAddress(text)
    if (address === undefined) read.fault(`alwaysBcc[${index}]`, 'must be an address')
    return address ?? []
  })
}
