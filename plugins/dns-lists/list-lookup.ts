import { addressOctets, canonicalDomain, type DnsAnswer, type Log, type Resolver } from 'mailwright'
import { fitsPattern } from './answer-pattern.ts'
import type { DnsList } from './options.ts'

/** Somebody is on a list. */
export interface Listing {
  readonly list: DnsList
  /** The address or domain that was looked up. */
  readonly who: string
  /** The name in the DNS that says so, for its TXT record. */
  readonly query: string
  /** The list's answers that count. */
  readonly answers: readonly string[]
}

/**
 * The name to ask for a client's address (RFC 5782 §2.1, §2.4) or for a domain (§3) in a zone. Undefined where there is
 * none: for names of one label, and for addresses in the place of a domain, which lists of domains must not be asked about.
 */
export function queryName(who: string, { of, zone }: Pick<DnsList, 'of' | 'zone'>): string | undefined {
  if (of === 'client') {
    const octets = addressOctets(who)
    return octets && `${reversed(octets).join('.')}.${zone}`
  }
  const name = canonicalDomain(who)
  return name?.includes('.') && !name.startsWith('[') ? canonicalDomain(`${name}.${zone}`) : undefined
}

function reversed(octets: Uint8Array): readonly string[] {
  if (octets.length === 4) return [...octets].map(String).reverse()
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0'))
    .join('')
    .split('')
    .reverse()
}

/** Looks up in lists, and tells the postmaster of a list that is of no use. */
export class ListLookup {
  readonly #resolver: Resolver
  readonly #log: Log
  /** Zones whose last answer was of no use: said once. */
  readonly #useless = new Set<string>()

  constructor(resolver: Resolver, log: Log) {
    this.#resolver = resolver
    this.#log = log
  }

  /** A listing, or undefined where there is none or it cannot be found out. Never rejects. */
  async find(list: DnsList, who: string): Promise<Listing | undefined> {
    const query = queryName(who, list)
    if (query === undefined) return undefined
    const answer = await this.#resolver.addresses(query, 4)
    if (answer.kind === 'failed') {
      this.#log.debug('unavailable', { service: list.name, error: answer.text })
      return undefined
    }
    const answers = this.#usable(list, answer).filter((text) => counts(list, text))
    return answers.length === 0 ? undefined : { list, who, query, answers }
  }

  /** What the list has to say of a listing, for its owner's postmaster. Empty where nothing. */
  async reason({ query }: Listing): Promise<string> {
    const answer = await this.#resolver.txt(query)
    return answer.kind === 'found' ? (answer.records[0] ?? '') : ''
  }

  /** RFC 5782 §2.1: an answer is in 127.0.0.0/8. A domain that has changed hands may answer anything. */
  #usable(list: DnsList, answer: DnsAnswer<string>): readonly string[] {
    if (answer.kind !== 'found') return []
    const bad = answer.records.find((text) => isRefused(text) || !text.startsWith('127.'))
    if (bad === undefined) {
      this.#useless.delete(list.zone)
      return answer.records
    }
    if (!this.#useless.has(list.zone)) {
      const error = isRefused(bad)
        ? `the list refuses our questions (${bad}): ask it through a resolver of your own, or with its key`
        : `what the list answers (${bad}) is no answer of a list: has the domain changed hands?`
      this.#log.error('unavailable', { service: list.name, error })
    }
    this.#useless.add(list.zone)
    return []
  }
}

const refusals = new Set(['127.0.0.1', '127.0.0.255', '127.0.1.255'])

/**
 * What lists answer to those whom they do not serve: 127.255.255.0/24 (Spamhaus), 127.0.0.1 (URIBL, SURBL), 127.0.0.255
 * (DNSWL), and 127.0.1.255 to questions about addresses (Spamhaus DBL). It says nothing of whom was asked about.
 */
function isRefused(text: string): boolean {
  return text.startsWith('127.255.255.') || refusals.has(text)
}

function counts({ answers }: DnsList, text: string): boolean {
  const octets = addressOctets(text)
  if (octets === undefined) return false
  return answers.length === 0 || answers.some((pattern) => fitsPattern(pattern, octets))
}
