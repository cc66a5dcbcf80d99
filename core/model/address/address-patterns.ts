import { type Address, parseAddress } from './address.ts'
import { caseless } from './caseless.ts'
import { canonicalDomain } from './domain.ts'

/** What a pattern names. */
export type PatternKind = 'address' | 'local-part' | 'domain' | 'below' | 'null-sender'

/** One entry of an option that names addresses; docs/config.md has the notation. */
export interface AddressPattern {
  readonly kind: PatternKind
  /** Its one spelling, whoever wrote it: A-labels, normal form C, lower case. */
  readonly key: string
}

/** How a bare `example.org` is meant, which an option's documentation says. */
export interface PatternMeaning {
  /** With all that is below it (Postfix's `parent_domain_matches_subdomains`, postgrey). That domain alone where absent. */
  readonly domainsIncludeBelow?: boolean
}

/** Reads a pattern. Undefined for anything else. A word without dot and `@` is a domain here. */
export function parseAddressPattern(text: string): AddressPattern | undefined {
  if (text === '<>') return { kind: 'null-sender', key: text }
  const at = text.lastIndexOf('@')
  if (at <= 0) return parseDomainPattern(text)
  const isAnywhere = at === text.length - 1
  const address = parseAddress(isAnywhere ? `${text}any.example` : text)
  if (address === undefined) return undefined
  const localPart = `${caseless(address.localPart)}@`
  return isAnywhere
    ? { kind: 'local-part', key: localPart }
    : { kind: 'address', key: `${localPart}${address.domain}` }
}

/** Reads `example.org`, `@example.org` or `.example.org`. Undefined for anything else. */
export function parseDomainPattern(text: string): AddressPattern | undefined {
  const [mark = ''] = /^(?:@?\.|@)/.exec(text) ?? []
  const name = canonicalDomain(text.slice(mark.length))
  if (name === undefined) return undefined
  if (!mark.endsWith('.')) return { kind: 'domain', key: `${mark}${name}` }
  return name.startsWith('[') ? undefined : { kind: 'below', key: `.${name}` }
}

/**
 * Reads a pattern where local parts come first: `postmaster` is `postmaster@`. With dots a word is both that and a domain. Empty
 * for anything else, also for what is rather meant for a network or for several names (`192.0.2.0/24`, `*.example.org`).
 */
export function parseLocalPartPattern(text: string): readonly AddressPattern[] {
  if (/^[^@]*[*/!]|^\d+(?:\.\d+){3}$/.test(text)) return []
  const isWord = !/^\.|@|^<>$/.test(text)
  const read = isWord ? [parseAddressPattern(`${text}@`)] : [parseAddressPattern(text)]
  if (isWord && text.includes('.')) read.push(parseDomainPattern(text))
  return read.filter((one) => one !== undefined)
}

/** The keys of all patterns that mean an address, or the null reverse-path; the most specific first. */
export function patternsOf(address: Address | null, meaning: PatternMeaning = {}): readonly string[] {
  if (address === null) return ['<>']
  return [...localPartPatterns(address), ...patternsOfDomain(address.domain, meaning)]
}

/** The keys of all patterns that mean a canonical domain, or a host's name; the most specific first. */
export function patternsOfDomain(domain: string, meaning: PatternMeaning = {}): readonly string[] {
  if (domain === '') return []
  const keys = [`@${domain}`, domain]
  if (domain.startsWith('[')) return keys
  // No domain has more than 127 labels.
  for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1)) {
    keys.push(domain.slice(dot))
    if (meaning.domainsIncludeBelow === true) keys.push(domain.slice(dot + 1))
  }
  return keys
}

/** The value of the most specific pattern that means a domain. */
export function ofDomain<T>(values: ReadonlyMap<string, T>, domain: string): T | undefined {
  for (const key of patternsOfDomain(domain)) {
    const value = values.get(key)
    if (value !== undefined) return value
  }
  return undefined
}

/** Patterns of one option. */
export class AddressPatterns {
  /** What there is to say of texts that name nobody, where a config loads with them. */
  readonly doubts: string[] = []
  readonly #keys = new Set<string>()
  readonly #meaning: PatternMeaning

  constructor(meaning: PatternMeaning = {}) {
    this.#meaning = meaning
  }

  add({ key }: AddressPattern): void {
    this.#keys.add(key)
  }

  get size(): number {
    return this.#keys.size
  }

  /** Of an address, or the null reverse-path. */
  has(address: Address | null): boolean {
    return this.#hasOne(patternsOf(address, this.#meaning))
  }

  /** Of a canonical domain, or a host's name. */
  hasDomain(domain: string): boolean {
    return this.#hasOne(patternsOfDomain(domain, this.#meaning))
  }

  /** Whether one names the address itself, or its local part, and not only its domain. */
  names(address: Address): boolean {
    return this.#hasOne(localPartPatterns(address))
  }

  #hasOne(keys: readonly string[]): boolean {
    return keys.some((key) => this.#keys.has(key))
  }
}

function localPartPatterns({ localPart, domain }: Address): readonly string[] {
  const local = `${caseless(localPart)}@`
  return [`${local}${domain}`, local]
}
