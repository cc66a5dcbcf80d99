import {
  type AddressPatterns,
  canonicalDomain,
  type Network,
  type OptionReader,
  readOptions,
  readRecipientPatterns,
} from 'mailwright'
import { type MailConcern, type MailRole, readConcern, readNetworks } from 'mailwright/network'
import { type AccessInput, type AccessRule, readAccessRule } from './access.ts'

/** What is done about a client that fails a check: nothing, a refusal, or a finding with this score. */
export type Consequence = 'off' | 'refuse' | number

export type CheckName =
  | 'invalidHello'
  | 'ownHello'
  | 'nonFqdnHello'
  | 'unknownHello'
  | 'unknownReverseClient'
  | 'unknownClient'
  | 'nonFqdnSender'
  | 'unknownSenderDomain'
  | 'bogusMx'
  | 'nonFqdnRecipient'

/** The checks with what is done where a config says nothing, in the order in which they refuse. */
const defaults: Readonly<Record<CheckName, Consequence>> = {
  invalidHello: 'refuse',
  ownHello: 'refuse',
  nonFqdnHello: 1,
  unknownHello: 1,
  unknownReverseClient: 1,
  unknownClient: 1,
  nonFqdnSender: 'refuse',
  unknownSenderDomain: 'refuse',
  bogusMx: 'refuse',
  nonFqdnRecipient: 'off',
}

export const checkNames: readonly CheckName[] = Object.keys(defaults) as CheckName[]

export interface ClientChecksOptions extends Readonly<Record<CheckName, Consequence>>, MailConcern {
  readonly access: readonly AccessRule[]
  /** Canonical. */
  readonly ownNames: readonly string[]
  readonly refusedMx: readonly Network[]
  readonly reachable: AddressPatterns
}

/** `off`; `refuse`; `score`, which is a finding with score 1; or the finding's score. */
export type ConsequenceInput = 'off' | 'refuse' | 'score' | number

/** What a config may write. */
export interface ClientChecksInput {
  /** HELO is no name and no address literal. `refuse` */
  readonly invalidHello?: ConsequenceInput
  /** HELO is our name, or our address, said by somebody else. `refuse` */
  readonly ownHello?: ConsequenceInput
  /** HELO is a name without a dot. `score` */
  readonly nonFqdnHello?: ConsequenceInput
  /** HELO is a name without an address and without an MX. `score` */
  readonly unknownHello?: ConsequenceInput
  /** The client's address has no name. `score` */
  readonly unknownReverseClient?: ConsequenceInput
  /** None of its names has the address in turn. `score` */
  readonly unknownClient?: ConsequenceInput
  /** The sender's domain has no dot. `refuse` */
  readonly nonFqdnSender?: ConsequenceInput
  /** The sender's domain takes no mail: no MX and no address, a null MX, or MX that name no host. `refuse` */
  readonly unknownSenderDomain?: ConsequenceInput
  /** Nobody can reach the sender's mail hosts: loopback and private addresses, or none. `refuse` */
  readonly bogusMx?: ConsequenceInput
  /** The recipient's domain has no dot. `off` */
  readonly nonFqdnRecipient?: ConsequenceInput
  /** The first rule that fits decides, before any check. `[]` */
  readonly access?: readonly AccessInput[]
  /** Names beside `hostname` that no other client may call itself. `[]` */
  readonly ownNames?: readonly string[]
  /** Senders whose domain has a mail host in one of these networks are refused. `[]` */
  readonly refusedMx?: readonly string[]
  /** Recipients for whom no check refuses: local parts, addresses, or domains. `['postmaster', 'abuse']` */
  readonly reachable?: readonly string[]
  /** Of which listeners the sessions are checked: `transfer`, `submission`, `lmtp`. `['transfer']` */
  readonly roles?: readonly MailRole[]
  /** Networks whose clients are not checked. `[]` */
  readonly exempt?: readonly string[]
  /** Whether own clients of this server are checked, too: those that log in, and whom `relay` or `pop-before-smtp` lets send. `false` */
  readonly ownClients?: boolean
}

export function parseOptions(input: unknown): ClientChecksOptions {
  const read = readOptions(input)
  return read.done({
    ...readChecks(read),
    access: read.list('access', readAccessRule),
    ownNames: readNames(read, 'ownNames'),
    refusedMx: readNetworks(read, 'refusedMx'),
    reachable: readRecipientPatterns(read, 'reachable', { default: ['postmaster', 'abuse'], lenient: true }),
    ...readConcern(read),
  })
}

function readChecks(read: OptionReader): Readonly<Record<CheckName, Consequence>> {
  const entries = checkNames.map((name) => [name, readConsequence(read, name)])
  return Object.fromEntries(entries) as Record<CheckName, Consequence>
}

function readConsequence(read: OptionReader, name: CheckName): Consequence {
  const value = read.value(name)
  if (value === undefined) return defaults[name]
  if (value === 'score') return 1
  if (value === 'off' || value === 'refuse') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  read.fault(name, 'must be "off", "refuse", "score", or a score')
  return 'off'
}

function readNames(read: OptionReader, name: string): readonly string[] {
  return read.strings(name, { default: [] }).flatMap((text, index) => {
    const domain = canonicalDomain(text)
    if (domain === undefined) read.fault(`${name}[${index}]`, 'must be a domain such as "mail.example.org"')
    return domain ?? []
  })
}
