import { randomUUID } from 'node:crypto'
import { renameSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from 'mailwright'
import type { DatabaseInput, MysqlInput } from 'mailwright/plugins/database'
import { inject } from 'vitest'
import {
  copyDatabase,
  createDatabase,
  dropDatabase,
  mariadbUser,
  refuseChanges,
} from './peers/mariadb-admin.ts'
import { startRelay } from './socket-relay.ts'

/** What `MAILWRIGHT_TEST_DATABASE` says: the databases of this test run are of this kind. */
export const databaseKind: 'sqlite' | 'mysql' =
  process.env.MAILWRIGHT_TEST_DATABASE === 'mysql' ? 'mysql' : 'sqlite'

/** An empty database for tests that must hold on every kind. Files that use it are run once for each kind. */
export interface DatabaseUnderTest extends AsyncDisposable {
  /** What a config gives to the `database` plugin. */
  readonly options: DatabaseInput
  /** The same as the text of a call, for config files: `database({ … })`. */
  readonly call: string
  /** Takes the database away until the answered call. */
  takeAway(): () => void
  /** From now on every change is refused as by a read-only server; for tables that are there already. */
  refuseChanges(database: Database): Promise<void>
  /** Another one with the same contents. Nobody must be using this one. */
  copy(): Promise<DatabaseUnderTest>
}

/** Makes a database that nobody else uses. */
export function databaseUnderTest(): Promise<DatabaseUnderTest> {
  return databaseKind === 'mysql' ? onMariadb() : onSqlite()
}

async function onSqlite(original?: string): Promise<DatabaseUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-database-'))
  const [data, away] = [join(folder, 'data'), join(folder, 'away')]
  await mkdir(data)
  const file = join(data, 'test.db')
  if (original !== undefined) await copyFile(original, file)
  const options: DatabaseInput = { file, busyTimeout: '20s' }
  return {
    options,
    call: `database(${JSON.stringify(options)})`,
    takeAway() {
      renameSync(data, away)
      return () => renameSync(away, data)
    },
    async refuseChanges(database) {
      await database.query((knex) => knex.raw('pragma query_only = 1'))
    },
    copy: () => onSqlite(file),
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function onMariadb(original?: string): Promise<DatabaseUnderTest> {
  const server = inject('mariadbSocket')
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-database-'))
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await createDatabase(server, name)
  if (original !== undefined) await copyDatabase(server, original, name)
  const relay = await startRelay(join(folder, 'relay.sock'), server)
  const options: MysqlInput = {
    client: 'mysql',
    hosts: [{ socketPath: relay.socketPath }],
    ...mariadbUser,
    database: name,
    queryTimeout: '30s',
    connectTimeout: '15s',
  }
  return {
    options,
    call: `database(${JSON.stringify(options)})`,
    takeAway: () => relay.cut(),
    refuseChanges: () => refuseChanges(server, name),
    copy: () => onMariadb(name),
    async [Symbol.asyncDispose]() {
      await relay.close()
      await dropDatabase(server, name)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
