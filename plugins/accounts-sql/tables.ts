import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import { type Account, type Address, addressKey, type Migration } from 'mailwright'

/** Domains that are ours. */
export interface DomainRow {
  /** Canonical. */
  readonly name: string
  /** Milliseconds since 1970, as are all times here. */
  readonly created_at: number
}

export interface AccountRow {
  readonly id: string
  /** See `addressKey`: what is compared. `local_part` is how it was written. */
  readonly address_key: string
  readonly local_part: string
  readonly domain: string
  readonly display_name: string | null
  /** Null: nobody can log in. */
  readonly password: string | null
  /** Null: no limit. Some drivers give big integers as texts. */
  readonly quota_bytes: number | string | null
  readonly disabled: boolean | number
  /** Separated by spaces. */
  readonly disabled_protocols: string
  readonly created_at: number
}

/** One target of an alias; an alias has one or several rows. */
export interface AliasRow {
  /** See {@link aliasRowId}. */
  readonly id: string
  readonly address_key: string
  /** Empty for a catch-all. */
  readonly local_part: string
  readonly domain: string
  readonly target_local_part: string
  readonly target_domain: string
  readonly created_at: number
}

// A key may be longer than the address: lower case and normal form C can lengthen a local part to three times its 64
// characters. 512 characters of four octets stay below the 3,072 octets of an index in InnoDB.
const KEY_CHARACTERS = 512

/** The tables, for every database that knex knows. */
export const migrations: readonly Migration[] = [
  {
    name: '0001-accounts',
    async up(knex) {
      await createTable(knex, 'domains', (table) => {
        table.string('name', 255).primary()
        table.bigInteger('created_at').notNullable()
      })
      await createTable(knex, 'accounts', (table) => {
        table.string('id', 26).primary()
        addressColumns(table)
        table.unique(['address_key'])
        table.string('display_name', 255).nullable()
        table.string('password', 1024).nullable()
        table.bigInteger('quota_bytes').nullable()
        table.boolean('disabled').notNullable().defaultTo(false)
        table.string('disabled_protocols', 255).notNullable().defaultTo('')
        table.bigInteger('created_at').notNullable()
      })
      await createTable(knex, 'aliases', (table) => {
        table.string('id', 64).primary()
        addressColumns(table)
        table.index(['address_key'])
        table.string('target_local_part', 64).notNullable()
        table.string('target_domain', 255).notNullable()
        table.bigInteger('created_at').notNullable()
      })
    },
  },
]

function addressColumns(table: Knex.CreateTableBuilder): void {
  table.string('address_key', KEY_CHARACTERS).notNullable()
  table.string('local_part', 64).notNullable()
  table.string('domain', 255).notNullable().references('name').inTable('domains')
}

/** Safe to run again where a database commits each table by itself. */
async function createTable(
  knex: Knex,
  name: string,
  define: (table: Knex.CreateTableBuilder) => void,
): Promise<void> {
  if (await knex.schema.hasTable(name)) return
  await knex.schema.createTable(name, define)
}

/** One row for each address and target: both together are too long for a unique index, so their hash is the key. */
export function aliasRowId(address: Address, target: Address): string {
  return createHash('sha256')
    .update(JSON.stringify([addressKey(address), addressKey(target)]))
    .digest('hex')
}

/** The account with that key. Compared again here, because some collations take trailing spaces for nothing. */
export async function findAccount(knex: Knex, key: string): Promise<AccountRow | undefined> {
  const rows = await knex<AccountRow>('accounts').where({ address_key: key }).select()
  return rows.find((row) => row.address_key === key)
}

export function toAccount(row: AccountRow): Account {
  const protocols = row.disabled_protocols.split(' ').filter((protocol) => protocol !== '')
  return {
    id: row.id,
    address: { localPart: row.local_part, domain: row.domain },
    ...(row.display_name === null ? {} : { name: row.display_name }),
    ...(row.quota_bytes === null ? {} : { quotaBytes: Number(row.quota_bytes) }),
    ...(protocols.length === 0 ? {} : { disabledProtocols: protocols }),
  }
}
