import type { Migration } from 'mailwright'

/** Times are milliseconds since 1970; some drivers give big integers as texts. */
export interface TripletRow {
  readonly id: string
  readonly network: string
  readonly sender: string
  readonly recipient: string
  readonly first_seen: number | string
  /** Null while it has not come back. */
  readonly passed_at: number | string | null
  readonly last_seen: number | string
  readonly expires_at: number | string
}

export interface AllowanceRow {
  /** See `allowanceKey`. */
  readonly name: string
  /** `manual`: for good. `earned`: a network, from so many passes on. */
  readonly kind: string
  readonly passes: number
  readonly last_seen: number | string
  /** 0 for good. */
  readonly expires_at: number | string
}

/** Deployed: it never changes. */
export const greylistMigration: Migration = {
  name: '0001-greylist',
  async up(knex) {
    if (!(await knex.schema.hasTable('greylist_triplets')))
      await knex.schema.createTable('greylist_triplets', (table) => {
        table.string('id', 64).primary()
        table.string('network', 255).notNullable().index()
        table.string('sender', 512).notNullable()
        table.string('recipient', 512).notNullable()
        table.bigInteger('first_seen').notNullable()
        table.bigInteger('passed_at').nullable()
        table.bigInteger('last_seen').notNullable()
        table.bigInteger('expires_at').notNullable().index()
      })
    if (!(await knex.schema.hasTable('greylist_allowances')))
      await knex.schema.createTable('greylist_allowances', (table) => {
        table.string('name', 512).primary()
        table.string('kind', 16).notNullable()
        table.integer('passes').notNullable()
        table.bigInteger('last_seen').notNullable()
        table.bigInteger('expires_at').notNullable()
      })
  },
}
