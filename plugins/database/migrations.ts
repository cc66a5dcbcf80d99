import {
  type Clock,
  type ContributedMigrations,
  type Database,
  type Log,
  MailwrightError,
  type Timer,
} from 'mailwright'
import { ensureTable, type Lease, takeLease } from './lease.ts'

/** Where it is written which migrations have been run. */
export const migrationsTable = 'mailwright_migrations'

// A plugin has 30 s to start where the config does not say otherwise: whoever waits for a process that died must be
// through before.
const LEASE_MILLISECONDS = 12_000
const PATIENCE_MILLISECONDS = 25_000

/** A migration and whose it is. */
export interface MigrationName {
  readonly plugin: string
  readonly name: string
}

interface Step extends MigrationName {
  up: ContributedMigrations['migrations'][number]['up']
}

/** What `migrate` works with. */
export interface MigrationSurroundings {
  readonly clock: Clock
  readonly log: Log
}

/** Whether there are to be tables at all. */
export function hasMigrations(contributed: readonly ContributedMigrations[]): boolean {
  return contributed.some(({ migrations }) => migrations.length > 0)
}

/** The contributed migrations that are not recorded yet, in the order in which they would run. Changes nothing. */
export async function pendingMigrations(
  database: Database,
  contributed: readonly ContributedMigrations[],
): Promise<readonly MigrationName[]> {
  const steps = stepsOf(contributed)
  const hasTable = await database.query((knex) => knex.schema.hasTable(migrationsTable))
  const pending = hasTable ? await unrecorded(database, steps) : steps
  return pending.map(({ plugin, name }) => ({ plugin, name }))
}

/**
 * Brings the tables up to date: every contributed migration that is not recorded yet, in the order of plugins and
 * names, by one process at a time; answers those that it ran. MAIL_E_START names plugin and migration that failed; what
 * was done before it stays done, and the next start goes on there.
 */
export async function migrate(
  database: Database,
  contributed: readonly ContributedMigrations[],
  { clock, log }: MigrationSurroundings,
): Promise<readonly MigrationName[]> {
  const steps = stepsOf(contributed)
  if (steps.length === 0) return []
  await ensureTable(database, migrationsTable, (table) => {
    table.string('plugin', 128).notNullable()
    table.string('name', 128).notNullable()
    table.bigInteger('at').notNullable()
    table.primary(['plugin', 'name'])
  })
  if ((await unrecorded(database, steps)).length === 0) return []
  const lease = await takeLease(database, {
    name: 'migrations',
    clock,
    duration: LEASE_MILLISECONDS,
    patience: PATIENCE_MILLISECONDS,
  })
  const done: MigrationName[] = []
  try {
    // Asked again: somebody else may have done them while we waited.
    for (const step of await unrecorded(database, steps)) {
      await runStep(database, step, lease, clock)
      log.info('migrated', { contributor: step.plugin, migration: step.name })
      done.push({ plugin: step.plugin, name: step.name })
    }
    return done
  } finally {
    // A lease that cannot be given back ends by itself; the reason why it cannot is told by the step that failed.
    await lease.release().catch((error) => log.warn('unavailable', { error }))
  }
}

function stepsOf(contributed: readonly ContributedMigrations[]): readonly Step[] {
  const steps = new Map<string, Step>()
  for (const { plugin, migrations } of contributed) {
    for (const migration of migrations.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const key = keyOf({ plugin, name: migration.name })
      if (steps.has(key))
        throw new MailwrightError('MAIL_E_START', `${plugin} has two migrations "${migration.name}"`)
      steps.set(key, { plugin, name: migration.name, up: (knex) => migration.up(knex) })
    }
  }
  return [...steps.values()]
}

async function unrecorded(database: Database, steps: readonly Step[]): Promise<readonly Step[]> {
  const rows = await database.query((knex) => knex<MigrationName>(migrationsTable).select('plugin', 'name'))
  const done = new Set(rows.map(keyOf))
  return steps.filter((step) => !done.has(keyOf(step)))
}

async function runStep(database: Database, step: Step, lease: Lease, clock: Clock): Promise<void> {
  const run = database.dialect === 'sqlite' ? runAtOnce : runThenRecord
  try {
    await run(database, step, lease, clock)
  } catch (cause) {
    throw new MailwrightError('MAIL_E_START', `migration "${step.name}" of ${step.plugin} failed`, { cause })
  }
}

/** The step and its record in one transaction: all of it or nothing. */
async function runAtOnce(database: Database, step: Step, lease: Lease, clock: Clock): Promise<void> {
  await database.transaction(async (transaction) => {
    await lease.renew(transaction)
    await step.up(transaction)
    await transaction(migrationsTable).insert({ plugin: step.plugin, name: step.name, at: clock.now() })
    await lease.renew(transaction)
  })
}

/**
 * MySQL commits at each CREATE, ALTER and DROP, whatever was begun. So the lease cannot be held by a transaction: it is
 * renewed beside a step, which may take long, and decides once more when the step is recorded.
 */
async function runThenRecord(database: Database, step: Step, lease: Lease, clock: Clock): Promise<void> {
  await database.query((knex) => lease.renew(knex))
  const renewing = keepRenewing(database, lease, clock)
  try {
    await database.transaction((transaction) => step.up(transaction))
  } finally {
    await renewing.stop()
  }
  await database.transaction(async (transaction) => {
    await lease.renew(transaction)
    await transaction(migrationsTable).insert({ plugin: step.plugin, name: step.name, at: clock.now() })
  })
}

function keepRenewing(database: Database, lease: Lease, clock: Clock): { stop(): Promise<void> } {
  let isStopped = false
  let running: Promise<void> = Promise.resolve()
  const schedule = (): Timer =>
    clock.after(LEASE_MILLISECONDS / 3, () => {
      running = renew()
    })
  const renew = async (): Promise<void> => {
    // Whether the lease is lost is found out when the step is recorded.
    await database.query((knex) => lease.renew(knex)).catch(() => undefined)
    if (!isStopped) timer = schedule()
  }
  let timer = schedule()
  return {
    async stop() {
      isStopped = true
      timer.cancel()
      await running
    },
  }
}

function keyOf({ plugin, name }: MigrationName): string {
  return JSON.stringify([plugin, name])
}
