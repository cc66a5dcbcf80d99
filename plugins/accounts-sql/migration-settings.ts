import type { Knex } from 'knex'
import type { Migration } from 'mailwright'
import { createTable, KEY_CHARACTERS } from './migration-accounts.ts'

/** Settings, app passwords, what was removed, and who changed what. Deployed: it never changes. */
export const settingsMigration: Migration = {
  name: '0002-settings',
  async up(knex) {
    await addColumns(knex)
    await createTable(knex, 'deleted_accounts', deletedAccounts)
    await createTable(knex, 'app_passwords', appPasswords)
    await createTable(knex, 'accounts_audit', audit)
    await createTable(knex, 'account_sendings', (table) => {
      table.string('account_id', 26).primary()
      table.bigInteger('window_start').notNullable()
      table.integer('recipients').notNullable()
    })
    await createTable(knex, 'accounts_changes', (table) => {
      table.integer('id').primary()
      table.bigInteger('generation').notNullable()
    })
    if ((await knex('accounts_changes').where({ id: 1 }).first('id')) === undefined)
      await knex('accounts_changes').insert({ id: 1, generation: 0 })
    for (const table of ['accounts', 'aliases']) await addIndex(knex, table, 'domain')
    await addIndex(knex, 'domains', 'alias_of')
  },
}

async function addColumns(knex: Knex): Promise<void> {
  await addColumn(knex, 'domains', 'alias_of', (table) => table.string('alias_of', 255).nullable())
  await addColumn(knex, 'domains', 'quota_bytes', (table) => table.bigInteger('quota_bytes').nullable())
  await addColumn(knex, 'domains', 'max_accounts', (table) => table.integer('max_accounts').nullable())
  await addColumn(knex, 'domains', 'disabled', (table) =>
    table.boolean('disabled').notNullable().defaultTo(false),
  )
  for (const name of ['sending_recipients', 'sending_seconds'])
    await addColumn(knex, 'accounts', name, (table) => table.integer(name).nullable())
  await addColumn(knex, 'aliases', 'expires_at', (table) => table.bigInteger('expires_at').nullable())
}

/** The columns of `accounts`, and when it was removed. The address is not unique, and its domain may be gone. */
function deletedAccounts(table: Knex.CreateTableBuilder): void {
  table.increments('deletion')
  table.string('id', 26).notNullable().unique()
  table.string('address_key', KEY_CHARACTERS).notNullable()
  table.index(['address_key'])
  table.string('local_part', 64).notNullable()
  table.string('domain', 255).notNullable()
  table.string('display_name', 255).nullable()
  table.string('password', 1024).nullable()
  table.bigInteger('quota_bytes').nullable()
  table.boolean('disabled').notNullable()
  table.string('disabled_protocols', 255).notNullable()
  table.bigInteger('created_at').notNullable()
  table.integer('sending_recipients').nullable()
  table.integer('sending_seconds').nullable()
  table.bigInteger('deleted_at').notNullable()
}

function appPasswords(table: Knex.CreateTableBuilder): void {
  table.increments('id')
  // No foreign key: they wait for an account that was deleted to be restored.
  table.string('account_id', 26).notNullable()
  table.string('name', 64).notNullable()
  table.string('name_key', 255).notNullable()
  table.unique(['account_id', 'name_key'])
  table.string('hash', 255).notNullable()
  table.string('roles', 255).notNullable()
  table.bigInteger('created_at').notNullable()
  table.bigInteger('last_used_at').nullable()
}

function audit(table: Knex.CreateTableBuilder): void {
  table.bigIncrements('id')
  table.bigInteger('at').notNullable()
  table.index(['at'])
  table.string('actor', 255).notNullable()
  table.string('action', 64).notNullable()
  table.string('subject', 400).notNullable()
  table.string('subject_key', KEY_CHARACTERS).notNullable()
  table.index(['subject_key'])
  table.text('detail').notNullable()
}

/** Safe to run again where a database commits each change of a table by itself. */
export async function addColumn(
  knex: Knex,
  table: string,
  column: string,
  define: (table: Knex.AlterTableBuilder) => unknown,
): Promise<void> {
  if (await knex.schema.hasColumn(table, column)) return
  await knex.schema.alterTable(table, (altered) => void define(altered))
}

async function addIndex(knex: Knex, table: string, column: string): Promise<void> {
  try {
    await knex.schema.alterTable(table, (altered) => void altered.index([column]))
  } catch (error) {
    // MySQL has no other way to say "if it is not there"; elsewhere the transaction has undone it.
    if ((error as { code?: unknown }).code !== 'ER_DUP_KEYNAME') throw error
  }
}
