import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Knex } from 'knex'
import { type Clock, type Database, errorCode, UnavailableError, wait } from 'mailwright'

/** Where it is written who may do what. */
export const locksTable = 'mailwright_locks'
const POLL_MILLISECONDS = 100

/** Something that one process at a time may do, on whatever node. It ends by itself where its owner dies. */
export interface Lease {
  /** Prolongs it. MAIL_E_UNAVAILABLE where somebody else has it by now. Inside a transaction it fences the others off. */
  renew(knex: Knex): Promise<void>
  /** Ends it, so that others need not wait for its time to pass. */
  release(): Promise<void>
}

export interface LeaseSettings {
  readonly name: string
  readonly clock: Clock
  /** Milliseconds that it lasts without being renewed: the longest time that others wait for a dead owner. */
  readonly duration: number
  /** Milliseconds to wait for it. */
  readonly patience: number
}

interface LockRow {
  readonly name: string
  readonly owner: string
}

/**
 * A row with owner and expiry, taken by an update that only one can win: every database can do that. MAIL_E_UNAVAILABLE
 * where another one keeps it for too long. The nodes' clocks must not differ by more than a part of `duration`.
 */
export async function takeLease(database: Database, settings: LeaseSettings): Promise<Lease> {
  const { name, clock, duration, patience } = settings
  const owner = `${hostname().slice(0, 100)}/${process.pid}/${randomUUID()}`
  await ensureRow(database, name)
  const deadline = clock.monotonic() + patience
  while (!(await tryToTake(database, settings, owner))) {
    if (clock.monotonic() >= deadline) {
      const holder = await database.query((knex) => knex<LockRow>(locksTable).where({ name }).first('owner'))
      throw new UnavailableError(
        `${holder?.owner || 'another process'} has had the lock "${name}" for too long`,
      )
    }
    await wait(clock, POLL_MILLISECONDS)
  }
  const mine = { name, owner }
  return {
    async renew(knex) {
      const renewed = await knex(locksTable)
        .where(mine)
        .update({ expires_at: clock.now() + duration })
      if (renewed !== 1) throw new UnavailableError(`another process has taken the lock "${name}" over`)
    },
    async release() {
      await database.query((knex) => knex(locksTable).where(mine).update({ owner: '', expires_at: 0 }))
    },
  }
}

async function tryToTake(database: Database, settings: LeaseSettings, owner: string): Promise<boolean> {
  const { name, clock, duration } = settings
  const now = clock.now()
  const taken = await database.query((knex) =>
    knex(locksTable)
      .where({ name })
      // An expiry far ahead comes from a clock that was wrong; nobody could wait for it.
      .andWhere((free) => free.where('expires_at', '<', now).orWhere('expires_at', '>', now + 10 * duration))
      .update({ owner, expires_at: now + duration }),
  )
  return taken === 1
}

async function ensureRow(database: Database, name: string): Promise<void> {
  await ensureTable(database, locksTable, (table) => {
    table.string('name', 64).primary()
    table.string('owner', 255).notNullable()
    table.bigInteger('expires_at').notNullable()
  })
  await database.query(async (knex) => {
    if ((await knex(locksTable).where({ name }).first('name')) !== undefined) return
    await knex(locksTable).insert({ name, owner: '', expires_at: 0 }).onConflict('name').ignore()
  })
}

/** Makes a table where it is not there, also when another process does the same at this moment. */
export async function ensureTable(
  database: Database,
  table: string,
  define: (table: Knex.CreateTableBuilder) => void,
): Promise<void> {
  const exists = (): Promise<boolean> => database.query((knex) => knex.schema.hasTable(table))
  if (await exists()) return
  try {
    await database.query(async (knex) => await knex.schema.createTable(table, define))
  } catch (error) {
    if (errorCode(error) === 'MAIL_E_UNAVAILABLE' || !(await exists())) throw error
  }
}
