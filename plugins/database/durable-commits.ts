import { AsyncLocalStorage } from 'node:async_hooks'
import type SqliteConnection from 'better-sqlite3'
import { WriteAheadLog } from './write-ahead-log.ts'

/** Who asked the database. */
interface Caller {
  /** Where that was written. */
  readonly logs: Set<WriteAheadLog>
  readonly onChange: () => void
}

/** Lets whoever writes to a SQLite database wait until it is durable, and others use the connection meanwhile. */
export class DurableCommits {
  readonly #file: string
  readonly #callers = new AsyncLocalStorage<Caller>()
  readonly #logs = new WeakMap<SqliteConnection.Database, WriteAheadLog>()

  /** The database's file. */
  constructor(file: string) {
    this.#file = file
  }

  /**
   * Resolves with the answer when all that `run` has committed is durable, and tells where that has changed something.
   * MAIL_E_UNAVAILABLE where nobody can say so.
   */
  async durably<T>(run: () => Promise<T>, onChange: () => void = () => undefined): Promise<T> {
    const logs = new Set<WriteAheadLog>()
    // Knex begins with a query when somebody waits for it: that has to be in here.
    const answer = await this.#callers.run({ logs, onChange }, async () => await run())
    for (const log of logs) await log.sync()
    return answer
  }

  /** Whoever is asking has committed something, which may have changed nothing. */
  note(connection: SqliteConnection.Database, hasChanged: boolean): void {
    const caller = this.#callers.getStore()
    const log = this.#logs.get(connection)
    if (log !== undefined) caller?.logs.add(log)
    if (hasChanged) caller?.onChange()
  }

  /** Looks after the log of a connection; where there is none, SQLite has to make commits durable itself. */
  watch(connection: SqliteConnection.Database): void {
    this.#logs.set(connection, new WriteAheadLog(this.#file, () => emptied(connection)))
  }

  /** Before the connection is. */
  async close(connection: SqliteConnection.Database): Promise<void> {
    await this.#logs.get(connection)?.close()
  }
}

function emptied(connection: SqliteConnection.Database): boolean {
  const [row] = connection.pragma('wal_checkpoint(TRUNCATE)') as [{ readonly busy: number }]
  return row.busy === 0
}
