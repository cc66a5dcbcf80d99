import { promisify } from 'node:util'
import { createConnection } from 'mysql2'

export type Row = Readonly<Record<string, unknown>>

/** Who may use every database of `createDatabase`. Without the rights to which a read-only server is not read-only. */
export const mariadbUser = { user: 'mailwright', password: 'a "secret" of \\tests' }

/** Runs a statement as root of the private server behind a socket. */
export function administer(socketPath: string, sql: string): Promise<readonly Row[]> {
  return asRoot(socketPath, (ask) => ask(sql))
}

type Ask = (sql: string) => Promise<readonly Row[]>

/** Runs statements in one session. */
async function asRoot<T>(socketPath: string, run: (ask: Ask) => Promise<T>): Promise<T> {
  const connection = createConnection({ socketPath, user: 'root' })
  const ask: Ask = (sql) =>
    promisify<readonly Row[]>((done) =>
      connection.query(sql, (error, rows) => done(error, rows as unknown as readonly Row[])),
    )()
  try {
    return await run(ask)
  } finally {
    connection.destroy()
  }
}

/** Makes an empty database for the user of the tests. */
export async function createDatabase(socketPath: string, name: string): Promise<void> {
  await administer(socketPath, `create database \`${name}\``)
  await administer(socketPath, `grant all on \`${name}\`.* to '${mariadbUser.user}'@'%'`)
}

export async function dropDatabase(socketPath: string, name: string): Promise<void> {
  await administer(socketPath, `drop database if exists \`${name}\``)
}

/** Puts all tables of a database, with their contents, into an empty one. */
export async function copyDatabase(socketPath: string, from: string, to: string): Promise<void> {
  const tables = await tablesOf(socketPath, from)
  await asRoot(socketPath, async (ask) => {
    await ask('set foreign_key_checks = 0')
    await ask(`use \`${to}\``)
    for (const table of tables) {
      const [made] = await ask(`show create table \`${from}\`.\`${table}\``)
      await ask(String(made?.['Create Table']))
      await ask(`insert into \`${table}\` select * from \`${from}\`.\`${table}\``)
    }
  })
}

async function tablesOf(socketPath: string, database: string): Promise<readonly string[]> {
  const rows = await administer(
    socketPath,
    `select table_name as name from information_schema.tables where table_schema = '${database}'`,
  )
  return rows.map(({ name }) => String(name))
}

/** Makes one database refuse changes with the error of a server that is read-only, while others go on. */
export async function refuseChanges(socketPath: string, name: string): Promise<void> {
  const refusal =
    "signal sqlstate 'HY000' set mysql_errno = 1290, message_text = 'running with the --read-only option'"
  for (const table of await tablesOf(socketPath, name)) {
    for (const change of ['insert', 'update', 'delete']) {
      const trigger = `\`${name}\`.\`refuse_${change}_${table}\``
      const when = `before ${change} on \`${name}\`.\`${table}\``
      await administer(socketPath, `create trigger ${trigger} ${when} for each row ${refusal}`)
    }
  }
}
