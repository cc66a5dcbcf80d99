import { canonicalDomain, type OptionReader, readOptions } from 'mailwright'
import { type ConfiguredPattern, configuredEntries, configuredPatterns } from './configured-tables.ts'
import type { Table } from './table.ts'
import { aliasFile, table } from './table-kinds.ts'

/** What a config may say. */
export interface AliasesInput {
  /**
   * Tables as virtual(5) has them, in their order: `hash:/etc/postfix/virtual`, `regexp:…`, `pcre:…`; or keys with their
   * targets; or anything with a `lookUp`.
   */
  readonly virtual?: readonly (string | Readonly<Record<string, string | readonly string[]>> | Table)[]
  /** Patterns with their targets (`$1` is the first group), asked behind the tables. */
  readonly patterns?: readonly ConfiguredPattern[]
  /** Files as aliases(5) has them: absolute paths. For the names at `localDomains` only. */
  readonly aliases?: readonly string[]
  /** Domains that are nothing but aliases: 550 5.1.1 for what is none. Those that are keys of a table are, too. */
  readonly domains?: readonly string[]
  /** Where names without a domain are names. This server's name. */
  readonly localDomains?: readonly string[]
  /** The domain of targets without one. The first of `localDomains`. */
  readonly origin?: string
  /** What separates user and detail; empty for none. `+` */
  readonly detailSeparator?: string
  /** Whether the detail of an address goes on with the targets of `virtual`. True. */
  readonly propagateDetail?: boolean
  /** Whether errors of mail through the alias `name` go to the alias `owner-name`, where there is one. True. */
  readonly ownerAliases?: boolean
}

export interface AliasesOptions {
  readonly virtual: readonly Table[]
  readonly aliases: readonly Table[]
  readonly domains: readonly string[]
  readonly localDomains: readonly string[] | undefined
  readonly origin: string | undefined
  readonly detailSeparator: string
  readonly propagateDetail: boolean
  readonly ownerAliases: boolean
}

export function parseOptions(input: unknown): AliasesOptions {
  const read = readOptions(input)
  const virtual = readVirtual(read)
  const patterns = configuredPatterns(read)
  return read.done({
    virtual: patterns === undefined ? virtual : [...virtual, patterns],
    aliases: read
      .strings('aliases', { default: [] })
      .flatMap((path, index) => made(read, `aliases[${index}]`, () => aliasFile(path))),
    domains: readDomains(read, 'domains') ?? [],
    localDomains: readDomains(read, 'localDomains'),
    origin: readOrigin(read),
    detailSeparator: read.string('detailSeparator', {
      default: '+',
      pattern: /^[!-/:-?[-`{-~]{0,2}$/,
      expected: 'one or two punctuation characters, or empty',
    }),
    propagateDetail: read.boolean('propagateDetail', { default: true }),
    ownerAliases: read.boolean('ownerAliases', { default: true }),
  })
}

function readVirtual(read: OptionReader): readonly Table[] {
  const value = read.value('virtual')
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    read.fault('virtual', 'must be a list of tables')
    return []
  }
  return value.flatMap((one: unknown, index) => {
    const name = `virtual[${index}]`
    if (typeof one === 'string') return made(read, name, () => table(one))
    if (isTable(one)) return [one]
    return made(read, name, () => configuredEntries(one))
  })
}

/** Nothing where it cannot be made; the fault is noted. */
function made(read: OptionReader, name: string, make: () => Table): readonly Table[] {
  try {
    return [make()]
  } catch (error) {
    read.fault(name, (error as Error).message)
    return []
  }
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && typeof (value as Table).lookUp === 'function'
}

function readDomains(read: OptionReader, name: string): readonly string[] | undefined {
  if (read.value(name) === undefined) return undefined
  return read.strings(name).map((text, index) => {
    const domain = canonicalDomain(text)
    if (domain === undefined) read.fault(`${name}[${index}]`, 'must be a domain')
    return domain ?? ''
  })
}

function readOrigin(read: OptionReader): string | undefined {
  const text = read.optionalString('origin')
  const domain = text === undefined ? undefined : canonicalDomain(text)
  if (text !== undefined && domain === undefined) read.fault('origin', 'must be a domain')
  return domain
}
