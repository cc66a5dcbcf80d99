import type { Migration } from 'mailwright'

/** A policy that holds until it expires. Times are milliseconds since 1970; some drivers give big integers as texts. */
export interface StsPolicyRow {
  /** Canonical. */
  readonly domain: string
  /** The id of the TXT record that led to it. */
  readonly policy_id: string
  readonly mode: string
  /** Seconds. */
  readonly max_age: number
  /** One host or pattern a line. */
  readonly mx: string
  readonly fetched_at: number | string
  readonly expires_at: number | string
}

/** Deployed: it never changes. */
export const stsMigration: Migration = {
  name: '0001-sts-policies',
  async up(knex) {
    if (await knex.schema.hasTable('smtp_out_sts_policies')) return
    await knex.schema.createTable('smtp_out_sts_policies', (table) => {
      table.string('domain', 255).primary()
      table.string('policy_id', 32).notNullable()
      table.string('mode', 8).notNullable()
      table.integer('max_age').notNullable()
      table.text('mx', 'mediumtext').notNullable()
      table.bigInteger('fetched_at').notNullable()
      table.bigInteger('expires_at').notNullable().index()
    })
  },
}
