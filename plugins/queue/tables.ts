import type { Knex } from 'knex'
import type { Migration } from 'mailwright'
import { readDelivery } from './queued.ts'
import { searchedTarget } from './searched-address.ts'

/** Some drivers give big integers as texts. */
export type BigNumber = number | string

/** One message with one content, for those of its recipients who have not got it yet. Times are milliseconds since 1970. */
export interface MessageRow {
  readonly number: BigNumber
  /** The queue id; variants of one transaction have the same. */
  readonly id: string
  /** The reverse-path in lower case, `<>` for the null one: to be searched for. */
  readonly sender: string
  /** An {@link import('./queued.ts').Envelope} as JSON. */
  readonly envelope: string
  readonly arrived_at: BigNumber
  readonly expires_at: BigNumber
  readonly size: BigNumber
  /** The octets of a small message; else they are in a file with the message's number. */
  readonly content: Buffer | null
  /** Null: it is not held. */
  readonly held_at: BigNumber | null
  readonly held_reason: string | null
}

/** One recipient with one route. */
export interface RecipientRow {
  readonly number: BigNumber
  /** The message's number. */
  readonly message: BigNumber
  /** The forward-path in lower case: to be searched for. */
  readonly address: string
  /** Where an alias has led it, as `address`; null where that is the same. */
  readonly target: string | null
  /** A {@link import('./queued.ts').Delivery} as JSON. */
  readonly delivery: string
  readonly destination: string
  readonly attempts: number
  /** Nothing is tried before; {@link never} while the message is held. */
  readonly due: BigNumber
  /** When something has to be told of it: a warning, or that it is given up. */
  readonly deadline: BigNumber
  /** Its sender was told that it takes long. */
  readonly warned: number | boolean
  /** A {@link import('./queued.ts').LastAttempt} as JSON, or null. */
  readonly last: string | null
  /** The holder who may have been trying it when it was held, and has not said yet that this is over; else null. */
  readonly tried_by: string | null
}

/** One destination for which something waits, and which process delivers to it. */
export interface LaneRow {
  readonly destination: string
  /** When somebody has to look at its recipients. */
  readonly due: BigNumber
  /** The holder's id, or empty. */
  readonly owner: string
  /** Higher with each new owner, so that an owner from before can be told. */
  readonly fence: BigNumber
  /** Nothing is tried before: the destination did not answer. */
  readonly paused_until: BigNumber
  /** Pauses one after the other without any success. */
  readonly pauses: number
  /** A {@link import('./queued.ts').LastAttempt} as JSON, or null: why it is paused. */
  readonly last: string | null
}

/** One process that delivers, for as long as it says that it lives. */
export interface HolderRow {
  readonly id: string
  readonly expires_at: BigNumber
}

/** One recipient of whom a message's sender has still to be told. The message and its octets stay until then. */
export interface ReportRow {
  readonly number: BigNumber
  /** The message's number. */
  readonly message: BigNumber
  /** The recipient's number; its own row may be gone. */
  readonly recipient: BigNumber
  /** It is told by then, whatever is still under way; {@link never} where nobody can tell it. */
  readonly due: BigNumber
  /** A {@link import('mailwright').ReportedRecipient} as JSON. */
  readonly report: string
}

/** All of a message but its octets. */
export const withoutContent: readonly Exclude<keyof MessageRow, 'content'>[] = [
  'number',
  'id',
  'sender',
  'envelope',
  'arrived_at',
  'expires_at',
  'size',
  'held_at',
  'held_reason',
]

const rowsAtOnce = 1_000

/** Of a time that does not come. */
export const never: number = Number.MAX_SAFE_INTEGER

/** Deployed: it never changes. */
const queueMigration: Migration = {
  name: '0001-queue',
  async up(knex) {
    const make = async (name: string, define: (table: Knex.CreateTableBuilder) => void) => {
      if (!(await knex.schema.hasTable(name))) await knex.schema.createTable(name, define)
    }
    await make('queue_messages', (table) => {
      table.bigInteger('number').primary()
      table.string('id', 64).notNullable().index()
      table.string('sender', 512).notNullable()
      table.text('envelope', 'mediumtext').notNullable()
      table.bigInteger('arrived_at').notNullable().index()
      table.bigInteger('expires_at').notNullable()
      table.bigInteger('size').notNullable()
      table.specificType('content', 'mediumblob').nullable()
      table.bigInteger('held_at').nullable()
      table.string('held_reason', 512).nullable()
    })
    await make('queue_recipients', (table) => {
      table.bigInteger('number').primary()
      table.bigInteger('message').notNullable().index()
      table.string('address', 512).notNullable()
      table.text('delivery', 'mediumtext').notNullable()
      table.string('destination', 255).notNullable()
      table.integer('attempts').notNullable()
      table.bigInteger('due').notNullable()
      table.bigInteger('deadline').notNullable().index()
      table.boolean('warned').notNullable()
      table.text('last').nullable()
      table.index(['destination', 'due'])
    })
    await make('queue_lanes', (table) => {
      table.string('destination', 255).primary()
      table.bigInteger('due').notNullable().index()
      table.string('owner', 64).notNullable().index()
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
    for (const name of ['numbers', 'changes'])
      await knex('queue_counters').insert({ name, value: 1 }).onConflict('name').ignore()
  },
}

/** Deployed: it never changes. */
const reportsMigration: Migration = {
  name: '0002-reports',
  async up(knex) {
    if (await knex.schema.hasTable('queue_reports')) return
    await knex.schema.createTable('queue_reports', (table) => {
      table.bigInteger('number').primary()
      table.bigInteger('message').notNullable().index()
      table.bigInteger('recipient').notNullable()
      table.bigInteger('due').notNullable().index()
      table.text('report', 'mediumtext').notNullable()
    })
  },
}

/** Deployed: it never changes. */
const targetsMigration: Migration = {
  name: '0003-targets',
  async up(knex) {
    if (!(await knex.schema.hasColumn('queue_recipients', 'target')))
      await knex.schema.alterTable('queue_recipients', (table) => {
        table.string('target', 512).nullable()
      })
    for (let after = -1; ; ) {
      const rows: RecipientRow[] = await knex('queue_recipients')
        .where('number', '>', after)
        .orderBy('number')
        .limit(rowsAtOnce)
      for (const { number, delivery: text } of rows) {
        const delivery = readDelivery(text)
        const target = delivery === undefined ? null : searchedTarget(delivery)
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
    if (await knex.schema.hasColumn('queue_recipients', 'tried_by')) return
    await knex.schema.alterTable('queue_recipients', (table) => {
      table.string('tried_by', 64).nullable().index()
    })
  },
}

/** All tables of the queue. */
export const queueMigrations: readonly Migration[] = [
  queueMigration,
  reportsMigration,
  targetsMigration,
  triedByMigration,
]
