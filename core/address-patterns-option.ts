import {
  type AddressPattern,
  AddressPatterns,
  type PatternMeaning,
  parseAddressPattern,
  parseDomainPattern,
  parseLocalPartPattern,
} from './model/address/address-patterns.ts'
import type { OptionReader } from './options.ts'

/** What may stand in an option that names addresses. */
export interface AddressPatternNotation extends PatternMeaning {
  /** Whether `<>`, the null sender, can be meant. False. */
  readonly nullSender?: boolean
  /** A word without dot and `@`: a `domain`, or a `fault` where it is rather half of an address. `domain` */
  readonly words?: 'domain' | 'fault'
}

/** What may stand in an option that names recipients. */
export interface RecipientPatternNotation extends PatternMeaning {
  readonly default: readonly string[]
  /** What names nobody is no fault, but one of the `doubts` of what is answered. False. */
  readonly lenient?: boolean
}

/** What may stand in an option that names domains, or hosts. */
export interface DomainPatternNotation extends PatternMeaning {
  /** Whether address literals can be meant. False. */
  readonly literals?: boolean
}

const addressExpected =
  'an address such as "jo@example.org", a local part such as "jo@", or a domain such as "@example.org" or ".example.org"'
const domainExpected = 'a domain such as "example.org" or ".example.org"'

/** Reads an option that names addresses; none where it is absent. */
export function readAddressPatterns(
  read: OptionReader,
  name: string,
  { nullSender = false, words = 'domain', ...meaning }: AddressPatternNotation = {},
): AddressPatterns {
  const patterns = new AddressPatterns(meaning)
  for (const [index, text] of read.strings(name, { default: [] }).entries()) {
    const isRefused = (text === '<>' && !nullSender) || (words === 'fault' && /^[^.@<]*$/.test(text))
    const pattern = isRefused ? undefined : parseAddressPattern(text)
    if (pattern === undefined) faulty(read, `${name}[${index}]`, addressExpected, text)
    else patterns.add(pattern)
  }
  return patterns
}

/** Reads an option that names recipients, by their local parts first of all: `postmaster`. */
export function readRecipientPatterns(
  read: OptionReader,
  name: string,
  { default: standard, lenient = false, ...meaning }: RecipientPatternNotation,
): AddressPatterns {
  const patterns = new AddressPatterns(meaning)
  for (const [index, text] of read.strings(name, { default: standard }).entries()) {
    const found: readonly AddressPattern[] = text === '<>' ? [] : parseLocalPartPattern(text)
    for (const pattern of found) patterns.add(pattern)
    if (found.length > 0) continue
    if (lenient) patterns.doubts.push(`\`${name}\`: ${JSON.stringify(text)} names nobody`)
    else faulty(read, `${name}[${index}]`, addressExpected, text)
  }
  return patterns
}

/** Reads an option that names domains, or hosts; none where it is absent. */
export function readDomainPatterns(
  read: OptionReader,
  name: string,
  { literals = false, ...meaning }: DomainPatternNotation = {},
): AddressPatterns {
  const patterns = new AddressPatterns(meaning)
  for (const [index, text] of read.strings(name, { default: [] }).entries()) {
    const pattern = text.includes('[') && !literals ? undefined : parseDomainPattern(text)
    if (pattern === undefined) faulty(read, `${name}[${index}]`, domainExpected, text)
    else patterns.add(pattern)
  }
  return patterns
}

/** Reads an object with domains as its names; `ofDomain` finds what one of them has. */
export function readByDomain<T>(
  read: OptionReader,
  name: string,
  readOne: (reader: OptionReader, key: string) => T | undefined,
): ReadonlyMap<string, T> {
  const found = new Map<string, T>()
  const value = read.value(name)
  if (value === undefined) return found
  read.object(name, (reader) => {
    for (const text of typeof value === 'object' ? Object.keys(Object(value)) : []) {
      const pattern = parseDomainPattern(text)
      if (pattern === undefined) reader.fault(text, `must be ${domainExpected}`)
      const one = readOne(reader, text)
      if (pattern !== undefined && one !== undefined) found.set(pattern.key, one)
    }
  })
  return found
}

function faulty(read: OptionReader, path: string, expected: string, text: string): void {
  read.fault(path, `must be ${expected}, not ${JSON.stringify(text)}`)
}
