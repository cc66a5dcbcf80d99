import { isAbsolute, join } from 'node:path'
import type { PluginContext } from 'mailwright'
import type { Dialect } from './dialect.ts'
import { mysql } from './mysql.ts'
import type { DatabaseOptions, SqliteOptions } from './options.ts'
import { sqlite } from './sqlite.ts'

/** The database that the options name. */
export function dialectOf(
  options: DatabaseOptions,
  { clock, log, dataDir }: Pick<PluginContext, 'clock' | 'log' | 'dataDir'>,
): Dialect {
  if (options.client === 'mysql') return mysql({ ...options, clock, log })
  const file = fileOf(options, dataDir)
  return sqlite({ file, create: options.create, busyTimeout: options.busyTimeout, clock, log })
}

/** Absolute. */
export function fileOf({ file }: SqliteOptions, dataDir: string): string {
  return isAbsolute(file) ? file : join(dataDir, file)
}

// An ALTER of a large table takes as long as it takes; that it waits for a lock must not hold all others up behind it.
const MIGRATION_MILLISECONDS = 24 * 3_600_000
const MIGRATION_LOCK_MILLISECONDS = 10_000

/** The same with the time that a change of the tables may need. */
export function migrationDialectOf(
  options: DatabaseOptions,
  context: Pick<PluginContext, 'clock' | 'log' | 'dataDir'>,
): Dialect {
  if (options.client !== 'mysql') return dialectOf(options, context)
  const times = { queryTimeout: MIGRATION_MILLISECONDS, lockTimeout: MIGRATION_LOCK_MILLISECONDS }
  return mysql({ ...options, ...times, clock: context.clock, log: context.log })
}
