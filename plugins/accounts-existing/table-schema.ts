import type { Knex } from 'knex'
import {
  type Address,
  addressKey,
  type ConfigFault,
  canonicalDomain,
  caseless,
  type Database,
} from 'mailwright'
import { applyConditions } from './condition.ts'
import { askFor } from './failure.ts'
import type { FoundAccount, FoundAlias, FoundDomain, Login, Schema } from './schema.ts'
import { domainSpellings, isSame, readAddress, type Spelling, spellingsOf } from './spelling.ts'
import { accountView, addressText, readAccount } from './table-account.ts'
import type { TableMapping } from './table-mapping.ts'
import {
  checkView,
  type MappedRow,
  type RowQuery,
  rowsOf,
  selectAddress,
  selectColumns,
  type TableView,
  whereSpelt,
} from './table-view.ts'
import { isOn, textOf } from './values.ts'

/** The views of a mapping's tables. */
interface Views {
  readonly domains: TableView
  readonly aliasDomains: TableView | undefined
  readonly transports: TableView | undefined
  readonly accounts: TableView
  readonly aliases: TableView | undefined
}

/** A site's tables by a mapping of their columns. Every query is by index where the site's own programs' are. */
export class TableSchema implements Schema {
  readonly hasAliases: boolean
  readonly hasAliasDomains: boolean
  readonly canSetPassword: boolean
  readonly #mapping: TableMapping
  readonly #defaultDomain: string | undefined
  readonly #views: Views

  constructor(mapping: TableMapping, defaultDomain: string | undefined) {
    this.hasAliases = mapping.aliases !== undefined
    this.hasAliasDomains = mapping.aliasDomains !== undefined
    this.canSetPassword = mapping.accounts.password !== undefined
    this.#mapping = mapping
    this.#defaultDomain = defaultDomain
    this.#views = viewsOf(mapping)
  }

  async domain(knex: Knex, name: string): Promise<FoundDomain | undefined> {
    const own = await this.#domainRow(knex, this.#views.domains, this.#mapping.domains.name, name)
    if (own !== undefined && !isActive(this.#views.domains, own)) return undefined
    const target = await this.#aliasOf(knex, name)
    if (target !== undefined) {
      const row = await this.#domainRow(knex, this.#views.domains, this.#mapping.domains.name, target)
      const isOurs = row !== undefined && isActive(this.#views.domains, row)
      return isOurs && !(await this.#isElsewhere(knex, target)) ? { name, aliasOf: target } : undefined
    }
    return own === undefined || (await this.#isElsewhere(knex, name)) ? undefined : { name }
  }

  async #aliasOf(knex: Knex, name: string): Promise<string | undefined> {
    const { aliasDomains } = this.#views
    if (aliasDomains === undefined) return undefined
    const row = await this.#domainRow(knex, aliasDomains, this.#mapping.aliasDomains?.name ?? '', name)
    const target = row && isActive(aliasDomains, row) ? canonicalDomain(textOf(row.target) ?? '') : undefined
    return target === name ? undefined : target
  }

  /** Whether another host keeps the domain's mailboxes. */
  async #isElsewhere(knex: Knex, name: string): Promise<boolean> {
    const { transports } = this.#views
    const mapped = this.#mapping.transports
    if (transports === undefined || mapped === undefined) return false
    const row = await this.#domainRow(knex, transports, mapped.domain, name)
    if (row === undefined || !isActive(transports, row)) return false
    const [transport = ''] = (textOf(row.transport) ?? '').trim().split(':')
    return mapped.remote.includes(transport.toLowerCase())
  }

  async #domainRow(
    knex: Knex,
    view: TableView,
    column: string,
    name: string,
  ): Promise<MappedRow | undefined> {
    const rows = await askFor(domainSpellings(name), String, (names) =>
      rowsOf(knex, view).whereIn(column, [...names]),
    )
    return rows.find((row) => canonicalDomain(textOf(row.name) ?? '') === name)
  }

  async accountsAt(knex: Knex, addresses: readonly Address[]): Promise<readonly FoundAccount[]> {
    const spellings = addresses.flatMap((address) => this.#accountSpellings(address))
    const rows = await askFor(spellings, spellingText, (some) =>
      whereSpelt(rowsOf(knex, this.#views.accounts), this.#mapping.accounts.address, some),
    )
    const keys = new Set(addresses.map(addressKey))
    return this.#accounts(rows).filter(({ account }) => keys.has(addressKey(account.address)))
  }

  /** An account of the default domain may be written without it. */
  #accountSpellings(address: Address): readonly Spelling[] {
    const spellings = spellingsOf(address)
    if (address.domain !== this.#defaultDomain) return spellings
    return [...spellings, ...spellings.map((one) => ({ ...one, text: one.localPart }))]
  }

  #accounts(rows: readonly MappedRow[]): readonly FoundAccount[] {
    return rows.flatMap((row) => {
      const found = readAccount(row, this.#mapping.accounts, this.#defaultDomain)
      return found === undefined ? [] : [found]
    })
  }

  async aliasesAt(knex: Knex, addresses: readonly Address[]): Promise<readonly FoundAlias[]> {
    const { aliases: view } = this.#views
    const { aliases } = this.#mapping
    if (view === undefined || aliases === undefined) return []
    const rows = await askFor(addresses.flatMap(spellingsOf), spellingText, (some) =>
      whereSpelt(rowsOf(knex, view), aliases.address, some),
    )
    return rows.flatMap((row) => {
      const address = readAddress(addressText(row))
      const isWanted = address !== undefined && addresses.some((one) => isSame(address, one))
      return isWanted && isActive(view, row) ? [{ address, targets: textOf(row.targets) ?? '' }] : []
    })
  }

  async accountWithId(knex: Knex, id: string): Promise<FoundAccount | undefined> {
    const { id: column, address } = this.#mapping.accounts
    if (column !== undefined) {
      const rows = await askFor([id], String, (ids) => this.#accountRows(knex).whereIn(column, [...ids]))
      return this.#accounts(rows).find(({ account }) => account.id === id)
    }
    const asked = readAddress(this.#completed(id))
    if (asked === undefined || asked.localPart === '') return undefined
    const rows = await askFor(this.#accountSpellings(asked), spellingText, (some) =>
      whereSpelt(this.#accountRows(knex), address, some),
    )
    return this.#accounts(rows).find(({ account }) => account.id === id)
  }

  async accountForLogin(knex: Knex, { text, address }: Login): Promise<FoundAccount | undefined> {
    const { login } = this.#mapping.accounts
    if (login === undefined) {
      if (address === undefined) return undefined
      const [found] = await this.accountsAt(knex, [address])
      return found
    }
    const spellings = address === undefined ? [] : spellingsOf(address).map((one) => one.text)
    const logins = [...new Set([caseless(text), text, ...spellings])]
    const rows = await askFor(logins, String, (some) => this.#accountRows(knex).whereIn(login, [...some]))
    const row = rows.find((each) => {
      const stored = textOf(each.login) ?? ''
      return (
        caseless(stored) === caseless(text) || (address !== undefined && isSame(readAddress(stored), address))
      )
    })
    return row && this.#accounts([row])[0]
  }

  #accountRows(knex: Knex): RowQuery {
    return rowsOf(knex, this.#views.accounts)
  }

  #completed(text: string): string {
    return text.includes('@') || this.#defaultDomain === undefined ? text : `${text}@${this.#defaultDomain}`
  }

  async setPassword(knex: Knex, { identity, hash }: FoundAccount, renewed: string): Promise<boolean> {
    const { table, where, password } = this.#mapping.accounts
    if (password === undefined) return false
    const query = knex(table).where(identity)
    applyConditions(query, where)
    if (hash === undefined) query.where((none) => none.whereNull(password).orWhere(password, ''))
    else query.where(password, hash)
    return (await query.update({ [password]: renewed })) > 0
  }

  async check(database: Database): Promise<readonly ConfigFault[]> {
    const faults: ConfigFault[] = []
    for (const view of Object.values(this.#views) as (TableView | undefined)[])
      if (view !== undefined) faults.push(...(await checkView(database, view)))
    return faults
  }
}

function viewsOf({ domains, aliasDomains, transports, accounts, aliases }: TableMapping): Views {
  const view = (
    name: string,
    table: Pick<TableView, 'table' | 'where'>,
    selection: TableView['selection'],
  ) => ({
    path: `tables.${name}`,
    table: table.table,
    where: table.where,
    selection,
  })
  return {
    domains: view('domains', domains, selectColumns({ name: domains.name, active: domains.active })),
    aliasDomains: aliasDomains && {
      ...view(
        'aliasDomains',
        aliasDomains,
        selectColumns({
          name: aliasDomains.name,
          target: aliasDomains.target,
          active: aliasDomains.active,
        }),
      ),
    },
    transports: transports && {
      ...view('transports', transports, [
        ...selectColumns({ transport: transports.transport, active: transports.active }),
        { as: 'name', column: transports.domain, path: 'columns.domain' },
      ]),
    },
    accounts: accountView(accounts),
    aliases: aliases && {
      ...view('aliases', aliases, [
        ...selectAddress(aliases.address),
        ...selectColumns({ targets: aliases.targets, active: aliases.active }),
      ]),
    },
  }
}

/** Without such a column every row is active. */
function isActive({ selection }: TableView, row: MappedRow): boolean {
  return !selection.some(({ as }) => as === 'active') || isOn(row.active)
}

function spellingText({ text }: Spelling): string {
  return text
}
