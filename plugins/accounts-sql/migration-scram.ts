import { randomBytes } from 'node:crypto'
import type { Migration } from 'mailwright'
import { createTable } from './migration-accounts.ts'
import { addColumn } from './migration-settings.ts'

const KEYS_CHARACTERS = 255

/** Keys for SCRAM, and what their salts are made of. Deployed: it never changes. */
export const scramMigration: Migration = {
  name: '0003-scram',
  async up(knex) {
    for (const table of ['accounts', 'deleted_accounts']) {
      await addColumn(knex, table, 'scram_keys', (altered) =>
        altered.string('scram_keys', KEYS_CHARACTERS).nullable(),
      )
      await addColumn(knex, table, 'scram_of', (altered) => altered.string('scram_of', 64).nullable())
    }
    await addColumn(knex, 'app_passwords', 'scram_keys', (altered) =>
      altered.string('scram_keys', KEYS_CHARACTERS).nullable(),
    )
    await createTable(knex, 'accounts_secrets', (table) => {
      table.string('name', 32).primary()
      table.string('value', 255).notNullable()
    })
    if ((await knex('accounts_secrets').where({ name: 'scram-salt' }).first('name')) === undefined)
      await knex('accounts_secrets').insert({ name: 'scram-salt', value: randomBytes(32).toString('hex') })
  },
}
