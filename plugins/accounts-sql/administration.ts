import type { Knex } from 'knex'
import {
  type Account,
  type AccountsAdministration,
  type Address,
  type Alias,
  addressKey,
  type Clock,
  checkAddress,
  checkAliasAddress,
  checkDomain,
  checkPersonName,
  checkQuota,
  type Database,
  type Domain,
  formatAddress,
  hashPassword,
  MailwrightError,
  type NewAccount,
  newAccountId,
} from 'mailwright'
import { findDomain, targetOf } from './resolution.ts'
import {
  type AccountRow,
  type AliasRow,
  aliasRowId,
  type DomainRow,
  findAccount,
  toAccount,
} from './tables.ts'

/** Changes to the tables. Every change is one transaction that holds its domain's row. */
export class SqlAdministration implements AccountsAdministration {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  async domains(): Promise<readonly Domain[]> {
    const rows = await this.#database.query((knex) => knex<DomainRow>('domains').select('name'))
    return rows.map(({ name }) => ({ name })).toSorted((a, b) => compare(a.name, b.name))
  }

  async addDomain(name: string): Promise<Domain> {
    const checked = checkDomain(name)
    await this.#database.transaction(async (transaction) => {
      if ((await findDomain(transaction, checked)) !== undefined) throw exists('domain', checked)
      await transaction<DomainRow>('domains').insert({ name: checked, created_at: this.#clock.now() })
    })
    return { name: checked }
  }

  async removeDomain(name: string): Promise<void> {
    const domain = checkDomain(name)
    await this.#database.transaction(async (transaction) => {
      await holdDomain(transaction, domain)
      for (const table of ['accounts', 'aliases']) {
        if ((await transaction(table).where({ domain }).first('id')) === undefined) continue
        throw new MailwrightError('MAIL_E_IN_USE', `the domain ${domain} still has ${table}`)
      }
      await transaction<DomainRow>('domains').where({ name: domain }).delete()
    })
  }

  async accounts(domain?: string): Promise<readonly Account[]> {
    const rows = await this.#database.query((knex) =>
      knex<AccountRow>('accounts').where(inDomain(domain)).select(),
    )
    return rows.toSorted((a, b) => compare(a.address_key, b.address_key)).map(toAccount)
  }

  async addAccount({ address, password, name, quotaBytes }: NewAccount): Promise<Account> {
    const { localPart, domain } = checkAddress(address)
    const row: AccountRow = {
      id: newAccountId(this.#clock.now()),
      address_key: addressKey({ localPart, domain }),
      local_part: localPart,
      domain,
      display_name: checkPersonName(name) ?? null,
      quota_bytes: checkQuota(quotaBytes) ?? null,
      password: password === undefined ? null : await hashPassword(password),
      disabled: false,
      disabled_protocols: '',
      created_at: this.#clock.now(),
    }
    await this.#database.transaction((transaction) => insertAccount(transaction, row))
    return toAccount(row)
  }

  async setPassword(address: Address, password: string): Promise<void> {
    await this.#changeAccount(address, { password: await hashPassword(password) })
  }

  async setQuota(address: Address, quotaBytes: number | undefined): Promise<void> {
    await this.#changeAccount(address, { quota_bytes: checkQuota(quotaBytes) ?? null })
  }

  async #changeAccount(address: Address, change: Partial<AccountRow>): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      const { id } = await existingAccount(transaction, address)
      await transaction<AccountRow>('accounts').where({ id }).update(change)
    })
  }

  async removeAccount(address: Address): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      const { id } = await existingAccount(transaction, address)
      await transaction<AccountRow>('accounts').where({ id }).delete()
    })
  }

  async aliases(domain?: string): Promise<readonly Alias[]> {
    const rows = await this.#database.query((knex) =>
      knex<AliasRow>('aliases').where(inDomain(domain)).orderBy(['created_at', 'id']).select(),
    )
    const byKey = Map.groupBy(rows, (row) => row.address_key)
    return [...byKey]
      .toSorted(([a], [b]) => compare(a, b))
      .flatMap(([, [first, ...others]]) =>
        first === undefined ? [] : [{ address: addressOf(first), targets: [first, ...others].map(targetOf) }],
      )
  }

  async addAlias(address: Address, target: Address): Promise<void> {
    const from = checkAliasAddress(address)
    const to = checkAddress(target)
    const row: AliasRow = {
      id: aliasRowId(from, to),
      address_key: addressKey(from),
      local_part: from.localPart,
      domain: from.domain,
      target_local_part: to.localPart,
      target_domain: to.domain,
      created_at: this.#clock.now(),
    }
    await this.#database.transaction(async (transaction) => {
      await holdDomain(transaction, row.domain)
      if ((await findAccount(transaction, row.address_key)) !== undefined)
        throw exists('account', formatAddress(from))
      const same = await transaction<AliasRow>('aliases').where({ id: row.id }).first('id')
      if (same !== undefined) throw exists('alias', `${formatAddress(from)} to ${formatAddress(to)}`)
      await transaction<AliasRow>('aliases').insert(row)
    })
  }

  async removeAlias(address: Address, target?: Address): Promise<void> {
    const from = checkAliasAddress(address)
    const key = addressKey(from)
    const only = target && aliasRowId(from, checkAddress(target))
    await this.#database.transaction(async (transaction) => {
      const rows = await transaction<AliasRow>('aliases')
        .where({ address_key: key })
        .select('id', 'address_key')
      const ids = rows
        .filter((row) => row.address_key === key && (only === undefined || row.id === only))
        .map(({ id }) => id)
      if (ids.length === 0) throw notFound('alias', formatAddress(from))
      await transaction<AliasRow>('aliases').whereIn('id', ids).delete()
    })
  }
}

/** Puts an account into the table. MAIL_E_NOT_FOUND where its domain is not there, MAIL_E_EXISTS where it is taken. */
export async function insertAccount(transaction: Knex.Transaction, row: AccountRow): Promise<void> {
  const address = formatAddress(addressOf(row))
  await holdDomain(transaction, row.domain)
  if ((await findAccount(transaction, row.address_key)) !== undefined) throw exists('account', address)
  const aliases = await transaction<AliasRow>('aliases')
    .where({ address_key: row.address_key })
    .select('address_key')
  if (aliases.some((alias) => alias.address_key === row.address_key)) throw exists('alias', address)
  await transaction<AccountRow>('accounts').insert(row)
}

/** Holds the domain's row until the end, so that nobody removes it or takes the same address in another table. */
async function holdDomain(transaction: Knex.Transaction, name: string): Promise<void> {
  const rows = await transaction<DomainRow>('domains').where({ name }).forUpdate().select()
  if (!rows.some((row) => row.name === name)) throw notFound('domain', name)
}

async function existingAccount(transaction: Knex.Transaction, address: Address): Promise<AccountRow> {
  const checked = checkAddress(address)
  const row = await findAccount(transaction, addressKey(checked))
  if (row === undefined) throw notFound('account', formatAddress(checked))
  return row
}

function addressOf(row: AccountRow | AliasRow): Address {
  return { localPart: row.local_part, domain: row.domain }
}

function inDomain(domain: string | undefined): { domain?: string } {
  return domain === undefined ? {} : { domain: checkDomain(domain) }
}

function exists(kind: string, name: string): MailwrightError {
  return new MailwrightError('MAIL_E_EXISTS', `the ${kind} ${name} exists already`)
}

function notFound(kind: string, name: string): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', `there is no ${kind} ${name}`)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
