import { database, definePlugin, MailwrightError, type PluginContext, type PluginInstance } from 'mailwright'
import { CallTimes } from './call-times.ts'
import { migrateCommand, nameOf } from './command.ts'
import { createConnection, type DatabaseConnection } from './connection.ts'
import { dialectOf, fileOf, migrationDialectOf } from './dialect-of.ts'
import { hasMigrations, migrate, pendingMigrations } from './migrations.ts'
import { type DatabaseInput, type DatabaseOptions, parseOptions } from './options.ts'
import { writeCheck } from './write-check.ts'

export type { DatabaseInput, DatabaseOptions, MysqlInput, SqliteInput } from './options.ts'

/** As a config calls it: what is embedded needs no options. */
export type DatabaseFactory = (options?: DatabaseInput, instance?: { as?: string }) => PluginInstance

/** A relational database with the tables that the other plugins contribute. */
const plugin: DatabaseFactory = definePlugin<DatabaseOptions, Partial<DatabaseInput>>({
  name: 'database',
  provides: [database],
  parseOptions,
  setup(context, options) {
    const times = new CallTimes(context.clock, context.metrics)
    const dialect = dialectOf(options, context)
    const connection = createConnection(dialect, context.clock, context.log, times)
    context.provide(database, connection)
    context.health.check('writable', () => writable(connection, context), { timeout: patience })
    return {
      keeps: options.client === 'sqlite' ? [fileOf(options, context.dataDir)] : [],
      async start() {
        await connection.open()
        await updateTables(connection, options, context)
        // Another program's database, in which we have no tables, is left as it is.
        if (hasMigrations(context.migrations)) await connection.identify()
      },
      check: async () => dialect.check?.(),
      stop: () => connection.close(),
    }
  },
  commands: (context, options) => [
    migrateCommand(() => forMigrations(options, context), context.migrations, context),
  ],
})

export default plugin

/** Milliseconds for the check that the database can be written: another process may hold it for some time. */
const patience = 5_000

/** Fails where nothing can be written now: a change of no row would say nothing of a full disk. */
async function writable(
  connection: DatabaseConnection,
  { clock, migrations }: PluginContext,
): Promise<undefined> {
  if (hasMigrations(migrations)) await writeCheck(connection, clock.now())
  // SQLite takes the lock for writing with every transaction.
  else await connection.transaction((transaction) => transaction.raw('select 1'))
}

function forMigrations(options: DatabaseOptions, context: PluginContext): DatabaseConnection {
  return createConnection(migrationDialectOf(options, context), context.clock, context.log)
}

async function updateTables(
  connection: DatabaseConnection,
  options: DatabaseOptions,
  context: PluginContext,
): Promise<void> {
  const pending = await pendingMigrations(connection, context.migrations)
  if (pending.length === 0) return
  if (options.migrate === 'manual') {
    const names = pending.map(nameOf).join(', ')
    const problem =
      'the tables are not up to date, and migrate is "manual": "mailwright database migrate" will run'
    throw new MailwrightError('MAIL_E_START', `${problem} ${names}`)
  }
  // SQLite has one connection; a second one would wait for it.
  if (options.client === 'sqlite') {
    await migrate(connection, context.migrations, context)
    return
  }
  const patient = forMigrations(options, context)
  try {
    await patient.open()
    await migrate(patient, context.migrations, context)
  } finally {
    await patient.close()
  }
}
