import { type Database, database, definePlugin, type Migration } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import { createTestHost } from 'mailwright/testing'
import type { DatabaseUnderTest } from '../database-under-test.ts'

/** A `database` service with some tables, as a plugin sees it. */
export interface OpenDatabase {
  readonly service: Database
  close(): Promise<void>
}

/** Opens a database with the tables of some migrations, in a process of its own as far as the database can tell. */
export async function openDatabase(
  base: DatabaseUnderTest,
  migrations: readonly Migration[],
): Promise<OpenDatabase> {
  let service: Database | undefined
  const probe = definePlugin({
    name: 'probe',
    requires: [database],
    migrations,
    parseOptions: () => ({}),
    setup({ use }) {
      service = use(database)
      return undefined
    },
  })
  const host = await createTestHost({ plugins: [databasePlugin(base.options), probe()] })
  if (service === undefined) throw new Error('the database was not set up')
  return { service, close: () => host.stop() }
}
