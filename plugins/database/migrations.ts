import { type Clock, type ContributedMigrations, type Database, type Log, MailwrightError } from 'mailwright'
import { ensureTable, type Lease, takeLease } from './lease.ts'

const TABLE = 'mailwright_migrations'

// A plugin has 30 s to start where the config does not say otherwise: whoever waits for a process that died must be
// through before.
const LEASE_MILLISECONDS = 12_000
const PATIENCE_MILLISECONDS = 25_000

interface Step {
  readonly plugin: string
  readonly name: string
  up: ContributedMigrations['migrations'][number]['up']
}

/**
 * Brings the tables up to date: every contributed migration that is not recorded yet, in the order of plugins and
 * names, each in a transaction with its record, by one process at a time. MAIL_E_START names plugin and migration that
 * failed; what was done before it stays done, and the next start goes on there.
 */
export async function migrate(
  database: Database,
  contributed: readonly ContributedMigrations[],
  { clock, log }: { clock: Clock; log: Log },
): Promise<void> {
  const steps = stepsOf(contributed)
  if (steps.length === 0) return
  await ensureTable(database, TABLE, (table) => {
    table.string('plugin', 128).notNullable()
    table.string('name', 128).notNullable()
    table.bigInteger('at').notNullable()
    table.primary(['plugin', 'name'])
  })
  if ((await pending(database, steps)).length === 0) return
  const lease = await takeLease(database, {
    name: 'migrations',
    clock,
    duration: LEASE_MILLISECONDS,
    patience: PATIENCE_MILLISECONDS,
  })
  try {
    // Asked again: somebody else may have done them while we waited.
    for (const step of await pending(database, steps)) {
      await runStep(database, step, lease, clock)
      log.info('migrated', { contributor: step.plugin, migration: step.name })
    }
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

async function pending(database: Database, steps: readonly Step[]): Promise<readonly Step[]> {
  const rows = await database.query((knex) =>
    knex<{ plugin: string; name: string }>(TABLE).select('plugin', 'name'),
  )
  const done = new Set(rows.map(keyOf))
  return steps.filter((step) => !done.has(keyOf(step)))
}

async function runStep(database: Database, step: Step, lease: Lease, clock: Clock): Promise<void> {
  try {
    await database.transaction(async (transaction) => {
      await lease.renew(transaction)
      await step.up(transaction)
      await transaction(TABLE).insert({ plugin: step.plugin, name: step.name, at: clock.now() })
      await lease.renew(transaction)
    })
  } catch (cause) {
    throw new MailwrightError('MAIL_E_START', `migration "${step.name}" of ${step.plugin} failed`, { cause })
  }
}

function keyOf({ plugin, name }: { plugin: string; name: string }): string {
  return JSON.stringify([plugin, name])
}
