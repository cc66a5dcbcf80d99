import type { Knex } from 'knex'
import type { Migration } from 'mailwright'

// A key may be longer than the address: lower case and normal form C can lengthen a local part to three times its 64
// characters. 512 characters of four octets stay below the 3,072 octets of an index in InnoDB.
export const KEY_CHARACTERS = 512

/** The first tables, for every database that knex knows. Deployed: it never changes. */
export const accountsMigration: Migration = {
  name: '0001-accounts',
  async up(knex) {
    await createTable(knex, 'domains', (table) => {
      table.string('name', 255).primary()
      table.bigInteger('created_at').notNullable()
    })
    await createTable(knex, 'accounts', (table) => {
      table.string('id', 26).primary()
      addressOf(table)
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
      addressOf(table)
      table.index(['address_key'])
      table.string('target_local_part', 64).notNullable()
      table.string('target_domain', 255).notNullable()
      table.bigInteger('created_at').notNullable()
    })
  },
}

function addressOf(table: Knex.CreateTableBuilder): void {
  table.string('address_key', KEY_CHARACTERS).notNullable()
  table.string('local_part', 64).notNullable()
  table.string('domain', 255).notNullable().references('name').inTable('domains')
}

/** Safe to run again where a database commits each table by itself. */
export async function createTable(
  knex: Knex,
  name: string,
  define: (table: Knex.CreateTableBuilder) => void,
): Promise<void> {
  if (await knex.schema.hasTable(name)) return
  await knex.schema.createTable(name, define)
}
