import knexPackage from 'knex'
import { MailwrightError, UnavailableError } from 'mailwright'
import { mysqlKind } from './mysql-errors.ts'

/**
 * What an error of a driver means: `away`, the database as a whole cannot answer; `unwritable`, it cannot be written; `busy`, this call cannot be done now,
 * others may; `exists`, a unique constraint is broken.
 */
export type FailureKind = 'away' | 'unwritable' | 'busy' | 'exists'

/** The database as a whole does not answer. For its users an UnavailableError like any other. */
export class DatabaseAwayError extends UnavailableError {}

/** It may be read as before, but nothing is written: the disk is full, say. Only what is written shows that this is over. */
export class NotWritableError extends DatabaseAwayError {}

/** What is in the place of the database is not the database. */
export class OtherDatabaseError extends DatabaseAwayError {}

/**
 * What the drivers' codes mean. SQLite's extended codes (`SQLITE_IOERR_FSYNC`) have their primary code's meaning where
 * they are not listed themselves.
 */
const kinds: ReadonlyMap<string, FailureKind> = new Map([
  ['SQLITE_BUSY', 'away'],
  ['SQLITE_LOCKED', 'away'],
  ['SQLITE_READONLY', 'unwritable'],
  ['SQLITE_READONLY_DBMOVED', 'away'],
  ['SQLITE_FULL', 'unwritable'],
  ['SQLITE_IOERR', 'away'],
  ['SQLITE_IOERR_WRITE', 'unwritable'],
  ['SQLITE_IOERR_FSYNC', 'unwritable'],
  ['SQLITE_CANTOPEN', 'away'],
  ['SQLITE_PERM', 'away'],
  ['SQLITE_NOMEM', 'away'],
  ['SQLITE_PROTOCOL', 'away'],
  ['SQLITE_CONSTRAINT_UNIQUE', 'exists'],
  ['SQLITE_CONSTRAINT_PRIMARYKEY', 'exists'],
])

/** The error as the `database` service tells it: MAIL_E_UNAVAILABLE, MAIL_E_EXISTS, or the same error. */
export function translate(error: unknown): unknown {
  if (error instanceof MailwrightError) return error
  if (error instanceof knexPackage.KnexTimeoutError) {
    const text =
      'no connection to the database became free (a query inside a transaction must use the transaction)'
    return new DatabaseAwayError(text, { cause: error })
  }
  const kind = kindOf(error)
  if (kind === 'away') return new DatabaseAwayError('the database cannot answer now', { cause: error })
  if (kind === 'unwritable')
    return new NotWritableError('the database cannot be written now', { cause: error })
  if (kind === 'busy') return new UnavailableError('the database cannot do this now', { cause: error })
  if (kind === 'exists') return new MailwrightError('MAIL_E_EXISTS', 'it exists already', { cause: error })
  return error
}

/** Whether another connection's lock is in the way, so that the same statement may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === 'SQLITE_BUSY'
}

function kindOf(error: unknown): FailureKind | undefined {
  if (!(error instanceof Error)) return undefined
  const code = codeOf(error)
  const known = code === undefined ? undefined : (kinds.get(code) ?? kinds.get(primaryCode(code)))
  return known ?? mysqlKind(error)
}

function primaryCode(code: string): string {
  return code.split('_', 2).join('_')
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
