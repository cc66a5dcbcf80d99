import type { Knex } from 'knex'
import type { Migration } from 'mailwright'
import type { SubjectKind } from './subject.ts'

/** Failures of a subject within its window. Times are milliseconds since 1970; some drivers give big integers as texts. */
export interface FailureRow {
  /** See `subjectId`. */
  readonly id: string
  readonly kind: SubjectKind
  readonly network: string
  readonly login: string
  readonly failures: number
  readonly started_at: number | string
  readonly last_at: number | string
}

/** A restriction, in force or remembered. */
export interface RestrictionRow {
  readonly id: string
  readonly kind: SubjectKind
  readonly network: string
  readonly login: string
  readonly since: number | string
  /** Null: for good. 0: lifted. */
  readonly ends_at: number | string | null
  readonly times: number
  readonly reason: string
  readonly made_by: 'guard' | 'postmaster'
  /** Grows with every change, so that every process finds what is new to it. */
  readonly generation: number | string
}

/** Where an account has logged in from. */
export interface KnownRow {
  /** See `subjectId` of the pair. */
  readonly id: string
  readonly login: string
  readonly network: string
  readonly surroundings: string
  readonly seen_at: number | string
}

/** The one row that counts the changes of restrictions. */
export interface GenerationRow {
  readonly id: number
  readonly generation: number | string
}

/** Deployed: it never changes. */
export const guardMigration: Migration = {
  name: '0001-guard',
  async up(knex) {
    await createTable(knex, 'guard_failures', (table) => {
      subjectColumns(table)
      table.integer('failures').notNullable()
      table.bigInteger('started_at').notNullable()
      table.bigInteger('last_at').notNullable().index()
    })
    await createTable(knex, 'guard_restrictions', (table) => {
      subjectColumns(table)
      table.bigInteger('since').notNullable()
      table.bigInteger('ends_at').nullable().index()
      table.integer('times').notNullable()
      table.string('reason', 255).notNullable()
      table.string('made_by', 16).notNullable()
      table.bigInteger('generation').notNullable().index()
    })
    await createTable(knex, 'guard_known', (table) => {
      table.string('id', 64).primary()
      table.string('login', 255).notNullable().index()
      table.string('network', 64).notNullable().index()
      table.string('surroundings', 64).notNullable()
      table.bigInteger('seen_at').notNullable().index()
    })
    await createTable(knex, 'guard_generation', (table) => {
      table.integer('id').primary()
      table.bigInteger('generation').notNullable()
    })
    if ((await knex('guard_generation').where({ id: 1 }).first('id')) === undefined)
      await knex('guard_generation').insert({ id: 1, generation: 0 })
  },
}

function subjectColumns(table: Knex.CreateTableBuilder): void {
  table.string('id', 64).primary()
  table.string('kind', 16).notNullable()
  table.string('network', 64).notNullable().index()
  table.string('login', 255).notNullable().index()
}

async function createTable(
  knex: Knex,
  name: string,
  define: (table: Knex.CreateTableBuilder) => void,
): Promise<void> {
  if (!(await knex.schema.hasTable(name))) await knex.schema.createTable(name, define)
}
