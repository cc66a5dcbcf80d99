import { promisify } from 'node:util'
import { createConnection } from 'mysql2'

export type Row = Readonly<Record<string, unknown>>

/** Who may use every database of `createDatabase`. Without the rights to which a read-only server is not read-only. */
export const mariadbUser = { user: 'mailwright', password: 'a "secret" of \\tests' }

/** Runs a statement as root of the private server behind a socket. */
export async function administer(socketPath: string, sql: string): Promise<readonly Row[]> {
  const connection = createConnection({ socketPath, user: 'root' })
  try {
    return await promisify<readonly Row[]>((done) =>
      connection.query(sql, (error, rows) => done(error, rows as unknown as readonly Row[])),
    )()
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

/** Makes one database refuse changes with the error of a server that is read-only, while others go on. */
export async function refuseChanges(socketPath: string, name: string): Promise<void> {
  const tables = await administer(
    socketPath,
    `select table_name as name from information_schema.tables where table_schema = '${name}'`,
  )
  const refusal =
    "signal sqlstate 'HY000' set mysql_errno = 1290, message_text = 'running with the --read-only option'"
  for (const { name: table } of tables) {
    for (const change of ['insert', 'update', 'delete']) {
      const trigger = `\`${name}\`.\`refuse_${change}_${table}\``
      const when = `before ${change} on \`${name}\`.\`${table}\``
      await administer(socketPath, `create trigger ${trigger} ${when} for each row ${refusal}`)
    }
  }
}
