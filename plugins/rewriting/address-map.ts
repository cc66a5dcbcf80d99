import {
  type Address,
  type Clock,
  formatAddress,
  type Log,
  localPartKeys,
  parseAddress,
  patternKeys,
} from 'mailwright'
import { splitDetail } from 'mailwright/accounts'

/** A look-up table; `table` of the plugin `aliases` makes them of files. */
export interface AddressTable {
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

export interface AddressMapSettings {
  readonly detailSeparator: string
  /** The domain of results without one. */
  readonly origin: string
  /** Where names without a domain are names. */
  readonly localDomains: ReadonlySet<string>
}

/** What a table has for an address. */
interface FoundValue {
  readonly value: string
  /** The detail that was left out to find it. */
  readonly detail?: string
}

/** Tables that have one address for another, as canonical(5) and generic(5) have them. */
export class AddressMap {
  readonly #tables: readonly AddressTable[]
  readonly #settings: AddressMapSettings

  constructor(tables: readonly AddressTable[], settings: AddressMapSettings) {
    this.#tables = tables
    this.#settings = settings
  }

  /**
   * The text that the tables have for an address: `user+detail@domain`, `user@domain`, at local domains `user+detail` and `user`,
   * then `@domain`.
   */
  async find(address: Address): Promise<FoundValue | undefined> {
    if (this.#tables.length === 0) return undefined
    for (const [index, { key, ...rest }] of this.#forms(address).entries()) {
      for (const table of this.#tables) {
        if (table.wholeAddressesOnly && index > 0) continue
        for (const asked of table.wholeAddressesOnly ? patternKeys(address) : [key]) {
          const value = await table.lookUp(asked)
          if (value !== undefined) return { ...rest, value }
        }
      }
    }
    return undefined
  }

  #forms(address: Address): readonly { readonly key: string; readonly detail?: string }[] {
    const { localPart, domain } = address
    const split = splitDetail(address, this.#settings.detailSeparator)
    const detailed = split === undefined ? [] : [{ key: split.address.localPart, detail: split.detail }]
    const names = [{ key: localPart }, ...detailed].flatMap(({ key, ...rest }) =>
      localPartKeys(key).map((spelt) => ({ ...rest, key: spelt })),
    )
    const at = `@${domain.toLowerCase()}`
    const whole = names.map(({ key, ...rest }) => ({ ...rest, key: `${key}${at}` }))
    return [...whole, ...(this.#settings.localDomains.has(domain) ? names : []), { key: at }]
  }

  /** The address in its place; undefined where there is none, or the result is no address. */
  async replacement(address: Address): Promise<Address | undefined> {
    const found = await this.find(address)
    if (found === undefined) return undefined
    const { detailSeparator, origin } = this.#settings
    const value = found.value.trim()
    if (value.startsWith('@')) return parseAddress(`${formatAddress({ ...address, domain: '' })}${value}`)
    const target = parseAddress(value.includes('@') ? value : `${value}@${origin}`)
    if (target === undefined || found.detail === undefined) return target
    const localPart = `${target.localPart}${detailSeparator}${found.detail}`
    return parseAddress(formatAddress({ ...target, localPart })) ?? target
  }
}
