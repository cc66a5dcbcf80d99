import type { Knex } from 'knex'
import { type Address, type ConfigFault, canonicalDomain, caseless, type Database } from 'mailwright'
import { ask, type Bindings, type BoundQuery, type Row, run } from './bound-query.ts'
import { askFor } from './failure.ts'
import { accountOf, addressIn, isActive, namesDomain, withSecrets } from './query-account.ts'
import { checkQuery } from './query-check.ts'
import type { NamedQuery, QueryMapping } from './query-mapping.ts'
import type { FoundAccount, FoundAlias, FoundDomain, Login, Schema } from './schema.ts'
import {
  domainSpellings,
  isAscii,
  isPlain,
  isSame,
  readAddress,
  type Spelling,
  spellingsOf,
} from './spelling.ts'
import { textOf } from './values.ts'

/** Dovecot's names of services, where they differ from the roles of sessions. */
const services: Readonly<Record<string, string>> = { submission: 'smtp', managesieve: 'sieve' }

/** A site's tables by complete queries of its own. */
export class QuerySchema implements Schema {
  readonly hasAliases: boolean
  readonly hasAliasDomains: boolean = true
  readonly canSetPassword: boolean
  readonly #queries: QueryMapping

  constructor(queries: QueryMapping) {
    this.hasAliases = queries.alias !== undefined
    this.canSetPassword = queries.setPassword !== undefined
    this.#queries = queries
  }

  async domain(knex: Knex, name: string): Promise<FoundDomain | undefined> {
    for (const domain of domainSpellings(name)) {
      const rows = await this.#ask(knex, this.#queries.domain, { domain })
      const row = rows.find((each) => isActive(each) && namesDomain(each, name))
      if (row === undefined) continue
      const aliasOf = canonicalDomain(textOf(row.alias_of) ?? '')
      return aliasOf === undefined || aliasOf === name ? { name } : { name, aliasOf }
    }
    return undefined
  }

  async accountsAt(knex: Knex, addresses: readonly Address[]): Promise<readonly FoundAccount[]> {
    const found: FoundAccount[] = []
    for (const address of addresses) {
      const account = await this.#accountAt(knex, address, 'lmtp')
      if (account !== undefined) found.push(account)
    }
    return found
  }

  async #accountAt(knex: Knex, address: Address, service: string): Promise<FoundAccount | undefined> {
    for (const spelling of spellingsOf(address)) {
      const bindings = { ...bindingsOf(spelling), login: spelling.text, service }
      for (const row of await this.#ask(knex, this.#queries.account, bindings)) {
        const account = accountOf(row, address)
        if (account !== undefined && isSame(account.account.address, address)) return account
      }
    }
    return undefined
  }

  async aliasesAt(knex: Knex, addresses: readonly Address[]): Promise<readonly FoundAlias[]> {
    const { alias } = this.#queries
    if (alias === undefined) return []
    const found: FoundAlias[] = []
    for (const address of addresses) found.push(...(await this.#aliasesOf(knex, alias, address)))
    return found
  }

  async #aliasesOf(knex: Knex, query: NamedQuery, address: Address): Promise<readonly FoundAlias[]> {
    for (const spelling of spellingsOf(address)) {
      const rows = (await this.#ask(knex, query, bindingsOf(spelling))).filter((row) => {
        const own = addressIn(row)
        return isActive(row) && (own === undefined ? isPlain(address) : isSame(own, address))
      })
      if (rows.length > 0) return rows.map((row) => ({ address, targets: textOf(row.target) ?? '' }))
    }
    return []
  }

  async accountWithId(knex: Knex, id: string): Promise<FoundAccount | undefined> {
    const { accountById } = this.#queries
    if (accountById !== undefined) {
      const rows = await this.#ask(knex, accountById, { id })
      return rows.map((row) => accountOf(row, undefined)).find((found) => found?.account.id === id)
    }
    const address = readAddress(id)
    if (address === undefined || address.localPart === '') return undefined
    const found = await this.#accountAt(knex, address, 'lmtp')
    return found?.account.id === id ? found : undefined
  }

  async accountForLogin(knex: Knex, { text, address, role }: Login): Promise<FoundAccount | undefined> {
    const { password } = this.#queries
    const service = services[role] ?? role
    if (password === undefined) return address && this.#accountAt(knex, address, service)
    const parts =
      address === undefined
        ? [{ address: caseless(text), localPart: caseless(text), domain: '' }]
        : spellingsOf(address).map(bindingsOf)
    for (const bindings of parts) {
      const login = bindings.address ?? ''
      for (const row of await this.#ask(knex, password, { ...bindings, login, service })) {
        const own = ownerOf(row, text, address)
        const found = own && (await this.#accountAt(knex, own, service))
        if (found !== undefined) return withSecrets(found, row)
      }
    }
    return undefined
  }

  async setPassword(knex: Knex, { account, hash }: FoundAccount, renewed: string): Promise<boolean> {
    const { setPassword } = this.#queries
    const [spelling] = spellingsOf(account.address)
    if (setPassword === undefined || spelling === undefined) return false
    const bindings = bindingsOf(spelling)
    await run(knex, setPassword, {
      ...bindings,
      id: account.id,
      password: renewed,
      oldPassword: hash ?? '',
    })
    return true
  }

  /** A text that the columns' character set does not know is in none of them. */
  #ask(knex: Knex, query: BoundQuery, bindings: Bindings): Promise<readonly Row[]> {
    return askFor(
      [bindings],
      (one) => (Object.values(one).every(isAscii) ? '' : '\u0080'),
      () => ask(knex, query, bindings),
    )
  }

  async check(database: Database): Promise<readonly ConfigFault[]> {
    const { domain, account, accountById, alias, password } = this.#queries
    const addresses = ['address', 'user', 'username']
    const secrets = ['password', 'clear']
    return [
      ...(await checkQuery(database, domain, [])),
      ...(await checkQuery(database, account, password === undefined ? [addresses, secrets] : [])),
      ...(await checkQuery(database, accountById, [addresses])),
      ...(await checkQuery(database, alias, [['target']])),
      ...(await checkQuery(database, password, [secrets])),
    ]
  }
}

function bindingsOf({ text, localPart, domain }: Spelling): Bindings {
  return { address: text, localPart, domain }
}

/**
 * Whose password a row has. A site may let somebody in by another name than the address; but a login beyond plain
 * characters must be the address itself, since a collation may have taken it for another one.
 */
function ownerOf(row: Row, text: string, address: Address | undefined): Address | undefined {
  const own = addressIn(row)
  if (address === undefined) return isAscii(text) ? own : undefined
  if (isPlain(address)) return own ?? address
  return isSame(own, address) ? own : undefined
}
