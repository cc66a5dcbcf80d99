import {
  type Accounts,
  type Address,
  canonicalDomain,
  domainKeys,
  formatAddress,
  type Log,
  type RouteAnswer,
  UnavailableError,
} from 'mailwright'
import { type Alias, readAlias } from './alias.ts'
import { type FoundValue, lookUpAddress } from './alias-look-up.ts'
import type { IncludedFiles } from './included-file.ts'
import { LargeAliases } from './large-aliases.ts'
import type { AliasesOptions } from './options.ts'
import type { Table } from './table.ts'

export interface AliasesSurroundings {
  readonly options: AliasesOptions
  readonly included: IncludedFiles
  /** Undefined where no plugin provides it. */
  readonly accounts: Accounts | undefined
  readonly hostname: string
  readonly log: Log
  /** The name of the route that throws away. */
  readonly discard: string
}

const postmaster: Address = { localPart: 'postmaster', domain: '' }
/** Aliases whose faults have been told. */
const mostTold = 1_000

/** The aliases of files and of the config, and what they make of an address. */
export class Aliases {
  readonly #surroundings: AliasesSurroundings
  readonly #origin: string
  readonly #local: ReadonlySet<string>
  readonly #told = new Set<string>()
  readonly #large = new LargeAliases()

  constructor(surroundings: AliasesSurroundings) {
    const { options, hostname } = surroundings
    const host = canonicalDomain(hostname) ?? hostname
    this.#surroundings = surroundings
    this.#origin = options.origin ?? options.localDomains?.[0] ?? host
    this.#local = new Set(options.localDomains ?? [host, this.#origin])
  }

  /** The alias that an address is; undefined for one that only names itself, and for what an account has. */
  async find(address: Address): Promise<Alias | undefined> {
    const { options, included } = this.#surroundings
    const virtual = await lookUpAddress(options.virtual, address, {
      detailSeparator: options.detailSeparator,
      isLocal: (domain) => this.#local.has(domain),
    })
    const found = virtual ?? (await this.#findName(address))
    if (found === undefined || (found.via === 'catch-all' && (await this.#isTaken(address)))) return undefined
    const alias = await this.#large.get(address, found, () =>
      readAlias(address, found, included, {
        origin: this.#origin,
        propagatesDetail: options.propagateDetail && found === virtual,
        detailSeparator: options.detailSeparator,
      }),
    )
    const { addresses, discards, refused, unreadable } = alias
    return addresses.length + refused.length + unreadable.length === 0 && !discards ? undefined : alias
  }

  /** Fails where a pattern takes too long for the address; where there are none, nothing is looked up. */
  async searchPatterns(address: Address): Promise<void> {
    if (this.#surroundings.options.virtual.some((table) => table.wholeAddressesOnly)) await this.find(address)
  }

  /** aliases(5) is about names at this system's own domains. */
  async #findName({ localPart, domain }: Address): Promise<FoundValue | undefined> {
    const { aliases, detailSeparator } = this.#surroundings.options
    if (domain !== '' && !this.#local.has(domain)) return undefined
    const found = await lookUpAddress(
      aliases,
      { localPart, domain: '' },
      { detailSeparator, isLocal: () => true },
    )
    return found && { ...found, namesDomain: true }
  }

  /** A catch-all takes nothing from an account, nor from an alias that the accounts service has. */
  async #isTaken(address: Address): Promise<boolean> {
    const found = address.domain === '' ? undefined : await this.#surroundings.accounts?.resolve(address)
    return found?.kind === 'account' || (found?.kind === 'alias' && found.via === 'alias')
  }

  /** Whether mail for the address may come in because of its alias. A pattern opens nobody else's domain. */
  async claims(address: Address): Promise<boolean> {
    const alias = await this.find(address)
    if (alias === undefined) return this.#isRole(address)
    return alias.namesDomain || address.domain === '' || this.#isOurs(address.domain)
  }

  async route(address: Address): Promise<RouteAnswer | undefined> {
    const alias = await this.find(address)
    if (alias === undefined)
      return (await this.#isRole(address))
        ? { kind: 'expansion', addresses: [postmaster], via: 'alias' }
        : undefined
    const text = formatAddress(address)
    if (alias.unreadable.length > 0)
      throw new UnavailableError(`the alias ${text} names what is no address: ${alias.unreadable.join(', ')}`)
    if (alias.refused.length > 0) {
      this.#tell(text, `no mail goes to programs and files: ${alias.refused.join(', ')}`)
      return { kind: 'expansion', addresses: [], via: alias.via }
    }
    // Whoever has it keeps a copy; the others get theirs by sorting.
    if (alias.namesItself && (await this.#isAccount(address))) return undefined
    if (alias.namesItself)
      throw new UnavailableError(`the alias ${text} names itself, and is no account here`)
    if (alias.addresses.length === 0) return { kind: 'handler', handler: this.#surroundings.discard, address }
    return { kind: 'expansion', addresses: alias.addresses, via: alias.via }
  }

  /** Who gets a copy of what goes into the account of an address. */
  async copies(address: Address): Promise<readonly Address[]> {
    const alias = await this.find(address)
    return alias?.namesItself ? alias.addresses : []
  }

  /** Where errors of mail through an alias go: the alias `owner-name` beside the alias `name`. */
  async owner(address: Address): Promise<Address | undefined> {
    const { localPart, domain } = address
    const named = await this.#findName(address)
    if (named === undefined || localPart.toLowerCase().startsWith('owner-')) return undefined
    const owner = { localPart: `owner-${localPart}`, domain: domain === '' ? this.#origin : domain }
    return (await this.#findName(owner)) === undefined ? undefined : owner
  }

  /** Whether the domain is nothing but aliases, and has none for the address. */
  async isUnknown(address: Address): Promise<boolean> {
    if (!(await this.#isAliasDomain(address.domain)) || (await this.#isRole(address))) return false
    return (await this.find(address)) === undefined
  }

  /** RFC 5321 §4.5.1, RFC 2142 §4: every domain has these. */
  async #isRole({ localPart, domain }: Address): Promise<boolean> {
    return /^(?:postmaster|abuse)$/i.test(localPart) && (await this.#isAliasDomain(domain))
  }

  async #isAliasDomain(domain: string): Promise<boolean> {
    const { domains, virtual } = this.#surroundings.options
    if (domain === '' || (await this.#surroundings.accounts?.domain(domain)) !== undefined) return false
    return domains.includes(domain) || isKey(virtual, domain)
  }

  async #isOurs(domain: string): Promise<boolean> {
    const { accounts } = this.#surroundings
    if (this.#local.has(domain) || (await accounts?.domain(domain)) !== undefined) return true
    return this.#isAliasDomain(domain)
  }

  async #isAccount(address: Address): Promise<boolean> {
    if (address.domain === '') return false
    return (await this.#surroundings.accounts?.resolve(address))?.kind === 'account'
  }

  #tell(address: string, problem: string): void {
    const key = `${address} ${problem}`
    if (this.#told.has(key) || this.#told.size >= mostTold) return
    this.#told.add(key)
    this.#surroundings.log.warn('refused', { address, text: problem })
  }
}

/** virtual(5): a domain that is itself a key is one of aliases. */
async function isKey(tables: readonly Table[], domain: string): Promise<boolean> {
  for (const table of tables.filter(({ wholeAddressesOnly }) => !wholeAddressesOnly))
    for (const key of domainKeys(domain)) if ((await table.lookUp(key)) !== undefined) return true
  return false
}
