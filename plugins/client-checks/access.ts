import {
  addressKey,
  canonicalDomain,
  confirmedName,
  type Network,
  networksInclude,
  type OptionReader,
  parseAddress,
  type Reply,
  type Resolver,
  readNetworks,
  reply,
  replyText,
  type Transaction,
} from 'mailwright'

/** What is compared with a pattern: a domain, or an address. */
type Pattern = (domain: string, localPart: string | undefined) => boolean

/** A line of an access table. Of each kind that it names, one has to fit. */
export interface AccessRule {
  readonly clients: readonly Network[] | undefined
  readonly clientNames: readonly Pattern[] | undefined
  readonly hellos: readonly Pattern[] | undefined
  readonly senders: readonly Pattern[] | undefined
  /** Undefined: no check of this plugin is made. */
  readonly refusal: Reply | undefined
}

/** Of each kind that a rule names, one has to fit; a rule that names none fits always. */
export interface AccessInput {
  /** Networks of the client. */
  readonly clients?: readonly string[]
  /** The client's name, confirmed by its address: `example.org` with what is below it, `.example.org` what is below it. */
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

export function readAccessRule(read: OptionReader): AccessRule {
  const given = (name: string) => read.value(name) !== undefined
  const rule = {
    clients: given('clients') ? readNetworks(read, 'clients') : undefined,
    clientNames: readPatterns(read, 'clientNames', domainPattern),
    hellos: readPatterns(read, 'hellos', domainPattern),
    senders: readPatterns(read, 'senders', senderPattern),
  }
  const action = read.choice('action', ['ok', 'refuse', 'defer'])
  const text = read.string('text', { default: 'Access denied by our local policy' })
  const line = replyText(text)
  if (action === 'ok') return { ...rule, refusal: undefined }
  return { ...rule, refusal: action === 'defer' ? reply(450, '4.7.1', line) : reply(554, '5.7.1', line) }
}

function readPatterns(
  read: OptionReader,
  name: string,
  parse: (text: string) => Pattern | undefined,
): readonly Pattern[] | undefined {
  if (read.value(name) === undefined) return undefined
  return read.strings(name).flatMap((text, index) => {
    const pattern = parse(text)
    if (pattern === undefined) read.fault(`${name}[${index}]`, `is no pattern: ${JSON.stringify(text)}`)
    return pattern ?? []
  })
}

/** As access(5) has it with the usual `parent_domain_matches_subdomains`. */
function domainPattern(text: string): Pattern | undefined {
  const isBelow = text.startsWith('.')
  const wanted = canonicalDomain(isBelow ? text.slice(1) : text)
  if (wanted === undefined) return undefined
  return (domain) => domain.endsWith(`.${wanted}`) || (!isBelow && domain === wanted)
}

function senderPattern(text: string): Pattern | undefined {
  if (text === '<>') return (_domain, localPart) => localPart === undefined
  if (!text.includes('@')) return domainPattern(text)
  const isUser = text.endsWith('@')
  const address = parseAddress(isUser ? `${text}any.example` : text)
  if (address === undefined) return undefined
  const key = addressKey(address)
  return (domain, localPart) =>
    localPart !== undefined && addressKey({ localPart, domain: isUser ? address.domain : domain }) === key
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
    if (rule.hellos !== undefined && !fits(rule.hellos, hello)) continue
    if (rule.senders !== undefined && !fits(rule.senders, reversePath?.domain ?? '', reversePath?.localPart))
      continue
    // Last, for it alone takes time.
    if (rule.clientNames !== undefined) {
      const name = await confirmedName(resolver, session.remote)
      if (name === undefined || !fits(rule.clientNames, name)) continue
    }
    return rule
  }
  return undefined
}

function fits(patterns: readonly Pattern[], domain: string, localPart?: string): boolean {
  return patterns.some((pattern) => pattern(domain, localPart))
}
