import {
  type AddressPatterns,
  canonicalDomain,
  confirmedName,
  type Network,
  networksInclude,
  type OptionReader,
  type Reply,
  type Resolver,
  readAddressPatterns,
  readDomainPatterns,
  reply,
  replyText,
  type Transaction,
} from 'mailwright'
import { readNetworks } from 'mailwright/network'

/** A line of an access table. Of each kind that it names, one has to fit. */
export interface AccessRule {
  readonly clients: readonly Network[] | undefined
  readonly clientNames: AddressPatterns | undefined
  readonly hellos: AddressPatterns | undefined
  readonly senders: AddressPatterns | undefined
  /** Undefined: no check of this plugin is made. */
  readonly refusal: Reply | undefined
}

/** Of each kind that a rule names, one has to fit; a rule that names none fits always. */
export interface AccessInput {
  /** Networks of the client. */
  readonly clients?: readonly string[]
  /**
   * The client's name, confirmed by its address: `example.org` with what is below it, `.example.org` what is below it,
   * `@example.org` that name alone.
   */
  readonly clientNames?: readonly string[]
  /** What the client calls itself, in the same form. */
  readonly hellos?: readonly string[]
  /** `user@example.org`, `user@`, a domain in the same form, or `<>` for the null sender. */
  readonly senders?: readonly string[]
  /** `ok`: this plugin checks nothing. `refuse`: 554 5.7.1. `defer`: 450 4.7.1. */
  readonly action: 'ok' | 'refuse' | 'defer'
  /** The text of the refusal. */
  readonly text?: string
}

// As access(5) has it with the usual `parent_domain_matches_subdomains`.
const domains = { domainsIncludeBelow: true, literals: true }
const senders = { domainsIncludeBelow: true, nullSender: true }

export function readAccessRule(read: OptionReader): AccessRule {
  const given = (name: string) => read.value(name) !== undefined
  const rule = {
    clients: given('clients') ? readNetworks(read, 'clients') : undefined,
    clientNames: given('clientNames') ? readDomainPatterns(read, 'clientNames', domains) : undefined,
    hellos: given('hellos') ? readDomainPatterns(read, 'hellos', domains) : undefined,
    senders: given('senders') ? readAddressPatterns(read, 'senders', senders) : undefined,
  }
  const action = read.choice('action', ['ok', 'refuse', 'defer'])
  const text = read.string('text', { default: 'Access denied by our local policy' })
  const line = replyText(text)
  if (action === 'ok') return { ...rule, refusal: undefined }
  return { ...rule, refusal: action === 'defer' ? reply(450, '4.7.1', line) : reply(554, '5.7.1', line) }
}

/** The first rule that fits a transaction. */
export async function matchingRule(
  rules: readonly AccessRule[],
  transaction: Transaction,
  resolver: Resolver,
): Promise<AccessRule | undefined> {
  const { session, reversePath } = transaction
  const hello = canonicalDomain(session.hello?.name ?? '') ?? ''
  for (const rule of rules) {
    if (rule.clients !== undefined && !networksInclude(rule.clients, session.remote.address)) continue
    if (rule.hellos?.hasDomain(hello) === false) continue
    if (rule.senders?.has(reversePath) === false) continue
    // Last, for it alone takes time.
    if (rule.clientNames !== undefined) {
      const name = await confirmedName(resolver, session.remote)
      if (name === undefined || !rule.clientNames.hasDomain(name)) continue
    }
    return rule
  }
  return undefined
}
