import type { Knex } from 'knex'
import { type Address, formatAddress, type Migration } from 'mailwright'
import type { BigNumber } from './tables.ts'

// MySQL commits at each CREATE and ALTER: a process may end between any two of them, and the next begins from the start. What is there
// is left as it is. Nothing here asks what may change later.

const rowsAtOnce = 1_000

async function makeTable(
  knex: Knex,
  name: string,
  define: (table: Knex.CreateTableBuilder) => void,
): Promise<void> {
  if (!(await knex.schema.hasTable(name))) await knex.schema.createTable(name, define)
}

async function makeColumn(
  knex: Knex,
  table: string,
  name: string,
  define: (table: Knex.AlterTableBuilder) => Knex.ColumnBuilder,
): Promise<void> {
  if (await knex.schema.hasColumn(table, name)) return
  await knex.schema.alterTable(table, (made) => {
    define(made).nullable()
  })
}

async function makeIndex(knex: Knex, table: string, ...columns: readonly string[]): Promise<void> {
  const name = [table, ...columns, 'index'].join('_')
  const isSqlite = knex.client.dialect === 'sqlite3'
  const found = isSqlite
    ? await knex('sqlite_master').where({ type: 'index', name }).first('name')
    : await knex('information_schema.statistics')
        .where({ table_schema: knex.raw('database()'), table_name: table, index_name: name })
        .first('index_name')
  if (found !== undefined) return
  await knex.schema.alterTable(table, (made) => {
    made.index(columns, name)
  })
}

/** Where an alias has led a recipient, as it is searched for; null where that is the recipient itself, or where the text is damaged. */
function targetOf(delivery: string): string | null {
  try {
    const { recipient, target }: Readonly<Record<string, Address>> = JSON.parse(delivery)
    const led = searched(target)
    return led === searched(recipient) ? null : led
  } catch {
    return null
  }
}

function searched(address: Address | undefined): string {
  if (typeof address?.localPart !== 'string' || typeof address.domain !== 'string')
    throw new SyntaxError('no address')
  return formatAddress(address).toLowerCase().slice(0, 512)
}

/** Deployed: it never changes. */
const queueMigration: Migration = {
  name: '0001-queue',
  async up(knex) {
    const make = (name: string, define: (table: Knex.CreateTableBuilder) => void) =>
      makeTable(knex, name, define)
    await make('queue_messages', (table) => {
      table.bigInteger('number').primary()
      table.string('id', 64).notNullable()
      table.string('sender', 512).notNullable()
      table.text('envelope', 'mediumtext').notNullable()
      table.bigInteger('arrived_at').notNullable()
      table.bigInteger('expires_at').notNullable()
      table.bigInteger('size').notNullable()
      table.specificType('content', 'mediumblob').nullable()
      table.bigInteger('held_at').nullable()
      table.string('held_reason', 512).nullable()
    })
    await make('queue_recipients', (table) => {
      table.bigInteger('number').primary()
      table.bigInteger('message').notNullable()
      table.string('address', 512).notNullable()
      table.text('delivery', 'mediumtext').notNullable()
      table.string('destination', 255).notNullable()
      table.integer('attempts').notNullable()
      table.bigInteger('due').notNullable()
      table.bigInteger('deadline').notNullable()
      table.boolean('warned').notNullable()
      table.text('last').nullable()
    })
    await make('queue_lanes', (table) => {
      table.string('destination', 255).primary()
      table.bigInteger('due').notNullable()
      table.string('owner', 64).notNullable()
      table.bigInteger('fence').notNullable()
      table.bigInteger('paused_until').notNullable()
      table.integer('pauses').notNullable()
      table.text('last').nullable()
    })
    await make('queue_holders', (table) => {
      table.string('id', 64).primary()
      table.bigInteger('expires_at').notNullable()
    })
    await make('queue_counters', (table) => {
      table.string('name', 16).primary()
      table.bigInteger('value').notNullable()
    })
    await makeIndex(knex, 'queue_messages', 'id')
    await makeIndex(knex, 'queue_messages', 'arrived_at')
    await makeIndex(knex, 'queue_recipients', 'message')
    await makeIndex(knex, 'queue_recipients', 'deadline')
    await makeIndex(knex, 'queue_recipients', 'destination', 'due')
    await makeIndex(knex, 'queue_lanes', 'due')
    await makeIndex(knex, 'queue_lanes', 'owner')
    for (const name of ['numbers', 'changes'])
      await knex('queue_counters').insert({ name, value: 1 }).onConflict('name').ignore()
  },
}

/** Deployed: it never changes. */
const reportsMigration: Migration = {
  name: '0002-reports',
  async up(knex) {
    await makeTable(knex, 'queue_reports', (table) => {
      table.bigInteger('number').primary()
      table.bigInteger('message').notNullable()
      table.bigInteger('recipient').notNullable()
      table.bigInteger('due').notNullable()
      table.text('report', 'mediumtext').notNullable()
    })
    await makeIndex(knex, 'queue_reports', 'message')
    await makeIndex(knex, 'queue_reports', 'due')
  },
}

/** Deployed: it never changes. */
const targetsMigration: Migration = {
  name: '0003-targets',
  async up(knex) {
    await makeColumn(knex, 'queue_recipients', 'target', (table) => table.string('target', 512))
    for (let after = -1; ; ) {
      const rows: { number: BigNumber; delivery: string }[] = await knex('queue_recipients')
        .where('number', '>', after)
        .orderBy('number')
        .limit(rowsAtOnce)
        .select('number', 'delivery')
      for (const { number, delivery } of rows) {
        const target = targetOf(delivery)
        if (target !== null) await knex('queue_recipients').where({ number }).update({ target })
      }
      const last = rows.at(-1)
      if (last === undefined) return
      after = Number(last.number)
    }
  },
}

/** Deployed: it never changes. */
const triedByMigration: Migration = {
  name: '0004-tried-by',
  async up(knex) {
    await makeColumn(knex, 'queue_recipients', 'tried_by', (table) => table.string('tried_by', 64))
    await makeIndex(knex, 'queue_recipients', 'tried_by')
  },
}

/** Deployed: it never changes. */
const clearsTriedMigration: Migration = {
  name: '0005-clears-tried',
  async up(knex) {
    await makeColumn(knex, 'queue_holders', 'clears_tried', (table) => table.boolean('clears_tried'))
  },
}

/** Deployed: it never changes. */
const movingMigration: Migration = {
  name: '0006-moving',
  async up(knex) {
    await makeColumn(knex, 'queue_lanes', 'moving', (table) => table.boolean('moving'))
  },
}

/** All tables of the queue. */
export const queueMigrations: readonly Migration[] = [
  queueMigration,
  reportsMigration,
  targetsMigration,
  triedByMigration,
  clearsTriedMigration,
  movingMigration,
]
