import { existsSync, type Stats, statSync } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import SqliteConnection from 'better-sqlite3'
import { MailwrightError, UnavailableError } from 'mailwright'
import { syncFolder } from 'mailwright/disk'
import { OtherDatabaseError } from './failure.ts'
import { hasMigrationsIn, identityIn, isDatabase } from './identity.ts'

export interface SqliteFileSettings {
  /** Absolute. */
  readonly file: string
  /** Whether it may be made where there has been none. */
  readonly create: boolean
}

// better-sqlite3 waits in the thread that answers everybody else, so SQLite itself waits next to nothing; the client
// tries again without holding anybody up.
const BLOCKING_MILLISECONDS = 10

/**
 * The file of a database: made once and never again, since an empty one would say that nobody has an address here. A mark beside
 * it tells every process that there was one; whoever has used the database knows it again by its identity.
 */
export class SqliteFile {
  readonly #settings: SqliteFileSettings
  readonly #mark: string
  readonly #opened = new WeakMap<SqliteConnection.Database, Stats>()
  #identity: string | undefined

  constructor(settings: SqliteFileSettings) {
    const { file } = settings
    this.#settings = settings
    // Whoever moves `mailwright.db*` leaves it behind.
    this.#mark = join(dirname(file), `.${basename(file)}.made`)
  }

  /** Makes the file where there has never been one. MAIL_E_UNAVAILABLE where there was, MAIL_E_START where none may be made. */
  async prepare(): Promise<void> {
    const { file, create } = this.#settings
    if (await isThere(file)) return
    if (this.#wasMade()) throw new UnavailableError(`there is no file ${file} any more; ${this.#help()}`)
    if (!create)
      throw new MailwrightError('MAIL_E_START', `there is no file ${file} (the option \`create\` makes it)`)
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await makeFile(file, '')
  }

  /** A connection to what is in the file, if that is the database. Throws an error of the driver, or {@link OtherDatabaseError}. */
  open(): SqliteConnection.Database {
    const { file } = this.#settings
    const stats = lookAt(file)
    if (stats === undefined) return missing(file)
    const isKnown = this.#identity !== undefined || this.#wasMade()
    // SQLite would throw away the log of the database that was here.
    if (isKnown && stats.size === 0) throw this.#other('is empty')
    const connection = new SqliteConnection(file, { timeout: BLOCKING_MILLISECONDS, fileMustExist: true })
    try {
      if (isKnown) this.#recognise(connection)
      this.#opened.set(connection, stats)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** What is written to a file that was deleted or replaced would be lost without any error from SQLite. */
  isStill(connection: SqliteConnection.Database): boolean {
    const opened = this.#opened.get(connection)
    const now = lookAt(this.#settings.file)
    return opened !== undefined && now !== undefined && now.ino === opened.ino && now.dev === opened.dev
  }

  /** From now on this database is known again, by this process and, after that it is there, by all. */
  async keep(identity: string): Promise<void> {
    this.#identity = identity
    if (this.#wasMade()) return
    const { file } = this.#settings
    await makeFile(
      this.#mark,
      `The database ${basename(file)} was made here, and is not made anew. ${markHelp}\n`,
    )
  }

  #recognise(connection: SqliteConnection.Database): void {
    if (this.#identity !== undefined) {
      const found = isDatabase(connection) ? identityIn(connection) : undefined
      if (found !== this.#identity) throw this.#other('is not the database that was there', restart)
    } else if (identityIn(connection) === undefined && !hasMigrationsIn(connection)) {
      throw this.#other('is a database without our tables')
    }
  }

  #wasMade(): boolean {
    return existsSync(this.#mark)
  }

  #other(problem: string, help: string = this.#help()): OtherDatabaseError {
    return new OtherDatabaseError(`the file ${this.#settings.file} ${problem}; ${help}`)
  }

  #help(): string {
    return `put the database back (or, to begin with an empty one, stop everything and remove ${this.#mark} too)`
  }
}

const restart = 'put that back, or start again to take this one'
const markHelp = 'To begin with an empty one, stop everything and remove this file too.'

/** MAIL_E_UNAVAILABLE where this user cannot see: then it is no reason to make one. */
async function isThere(file: string): Promise<boolean> {
  try {
    await stat(file)
    return true
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return false
    throw new UnavailableError(`the database ${file} cannot be opened`, { cause })
  }
}

function lookAt(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch {
    return undefined
  }
}

function missing(file: string): never {
  throw Object.assign(new Error(`there is no file ${file}`), { code: 'SQLITE_CANTOPEN' })
}

/** A file for its owner only, and its name durably. */
async function makeFile(file: string, text: string): Promise<void> {
  const handle = await open(file, 'a', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await syncFolder(dirname(file))
}
