import type { CommandOutput, ContributedMigrations, PluginCommand } from 'mailwright'
import type { DatabaseConnection } from './connection.ts'
import {
  hasMigrations,
  type MigrationName,
  type MigrationSurroundings,
  migrate,
  pendingMigrations,
} from './migrations.ts'

/** `mailwright database migrate`: runs before the plugins are started, which may need the tables as they will be. */
export function migrateCommand(
  open: () => DatabaseConnection,
  contributed: readonly ContributedMigrations[],
  surroundings: MigrationSurroundings,
): PluginCommand {
  return {
    name: 'database migrate',
    summary: 'bring the tables of all plugins up to date',
    options: [{ flags: '--dry-run', summary: 'only print what would be done' }],
    beforeStart: true,
    async run({ options }) {
      const database = open()
      try {
        await database.open()
        if (options.dryRun === true) return output('pending', await pendingMigrations(database, contributed))
        const migrated = await migrate(database, contributed, surroundings)
        if (hasMigrations(contributed)) await database.identify()
        return output('migrated', migrated)
      } finally {
        await database.close()
      }
    },
  }
}

function output(word: 'pending' | 'migrated', migrations: readonly MigrationName[]): CommandOutput {
  const lines = migrations.map((each) => `${word} ${nameOf(each)}`)
  return {
    json: { [word]: migrations },
    text: lines.length === 0 ? 'the tables are up to date' : lines.join('\n'),
  }
}

/** Such as `accounts-sql/0001-accounts`. */
export function nameOf({ plugin, name }: MigrationName): string {
  return `${plugin}/${name}`
}
