import { type Address, type Clock, domainKeys, type Log, localPartKeys, patternKeys } from 'mailwright'
import { splitDetail } from 'mailwright/accounts'
import { type Destination, parseDestination } from './destination.ts'

/** A look-up table whose values are `transport:nexthop`; `table` of the plugin `aliases` makes them of files. */
export interface TransportTable {
  /** Whether only whole addresses are asked, as they are written: tables of patterns. */
  readonly wholeAddressesOnly?: boolean
  /** MAIL_E_UNAVAILABLE where nobody can say now. */
  lookUp(key: string): Promise<string | undefined>
  /** Makes it usable, before the first look-up. */
  open?(surroundings: { readonly clock: Clock; readonly log: Log }): Promise<void>
  /** Fails where no server should serve with it. A command does not ask. */
  check?(surroundings: { readonly clock: Clock; readonly log: Log }): Promise<void>
  /** Gives back what it holds, at the end; another user may go on to ask it. */
  close?(): void
}

/** What the map says of an address. */
export interface FoundDestination {
  readonly destination: Destination
  /** The key names the address or its domain: whoever wrote it has that domain in mind. */
  readonly namesDomain: boolean
}

export interface TransportMapSettings {
  /** Of the config, by key as `tableKey` spells it. They come before tables. */
  readonly entries: ReadonlyMap<string, Destination>
  readonly tables: readonly TransportTable[]
  readonly pipes: { has(name: string): boolean }
  readonly detailSeparator: string
}

/** Which transport an address has; in the order of transport(5). */
export class TransportMap {
  readonly #settings: TransportMapSettings

  constructor(settings: TransportMapSettings) {
    this.#settings = settings
  }

  /**
   * What the most specific key says: the address, without its detail, its local part, its domain, the parents of that, `*`.
   * RangeError where a table says what cannot be done.
   */
  async find(address: Address): Promise<FoundDestination | undefined> {
    const { entries, tables, pipes } = this.#settings
    if (address.domain === '') return undefined
    for (const [index, key] of this.#keys(address).entries()) {
      const namesDomain = key !== '*'
      const own = entries.get(key)
      if (own !== undefined)
        return { destination: within(own, address.domain), namesDomain: namesDomain && !key.endsWith('@') }
      // transport(5) knows neither `user@` nor `@domain`.
      if (/^@|@$/.test(key)) continue
      for (const table of tables) {
        const isPatterns = table.wholeAddressesOnly === true
        if (isPatterns && index > 0) continue
        const value = await firstOf(table, isPatterns ? patternKeys(address) : [key])
        if (value === undefined) continue
        const destination = parseDestination(value, address.domain, pipes)
        return { destination, namesDomain: namesDomain && !isPatterns }
      }
    }
    return undefined
  }

  #keys(address: Address): readonly string[] {
    const { localPart, domain } = address
    const split = splitDetail(address, this.#settings.detailSeparator)
    const names = [localPart, ...(split === undefined ? [] : [split.address.localPart])].flatMap(
      localPartKeys,
    )
    const labels = domain.toLowerCase().split('.')
    const parents = labels.slice(1).map((_, index) => `.${labels.slice(index + 1).join('.')}`)
    return [
      ...names.map((name) => `${name}@${domain.toLowerCase()}`),
      ...names.map((name) => `${name}@`),
      `@${domain.toLowerCase()}`,
      ...[domain, ...parents].flatMap(domainKeys),
      '*',
    ]
  }
}

/** An LMTP server that an entry without a domain (`*`, `jo@`) does not name is the recipient's domain, as transport(5) has it. */
function within(destination: Destination, domain: string): Destination {
  const isNameless = destination.kind === 'lmtp' && 'host' in destination && destination.host === ''
  return isNameless ? { ...destination, host: domain } : destination
}

/** What a table has for the first of several spellings that it knows. */
async function firstOf(table: TransportTable, keys: readonly string[]): Promise<string | undefined> {
  for (const key of keys) {
    const value = await table.lookUp(key)
    if (value !== undefined) return value
  }
  return undefined
}
