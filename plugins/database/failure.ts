import knexPackage from 'knex'
import { MailwrightError, UnavailableError } from 'mailwright'

type Kind = 'unavailable' | 'exists'

/**
 * What the drivers' codes mean. SQLite's extended codes (`SQLITE_IOERR_FSYNC`) have their primary code's meaning where
 * they are not listed themselves.
 */
const kinds: ReadonlyMap<string, Kind> = new Map([
  ['SQLITE_BUSY', 'unavailable'],
  ['SQLITE_LOCKED', 'unavailable'],
  ['SQLITE_READONLY', 'unavailable'],
  ['SQLITE_FULL', 'unavailable'],
  ['SQLITE_IOERR', 'unavailable'],
  ['SQLITE_CANTOPEN', 'unavailable'],
  ['SQLITE_PERM', 'unavailable'],
  ['SQLITE_NOMEM', 'unavailable'],
  ['SQLITE_PROTOCOL', 'unavailable'],
  ['SQLITE_CONSTRAINT_UNIQUE', 'exists'],
  ['SQLITE_CONSTRAINT_PRIMARYKEY', 'exists'],
])

/** The error as the `database` service tells it: MAIL_E_UNAVAILABLE, MAIL_E_EXISTS, or the same error. */
export function translate(error: unknown): unknown {
  if (error instanceof MailwrightError) return error
  if (error instanceof knexPackage.KnexTimeoutError) {
    const text =
      'no connection to the database became free (a query inside a transaction must use the transaction)'
    return new UnavailableError(text, { cause: error })
  }
  const kind = kindOf(error)
  if (kind === 'unavailable') return new UnavailableError('the database cannot answer now', { cause: error })
  if (kind === 'exists') return new MailwrightError('MAIL_E_EXISTS', 'it exists already', { cause: error })
  return error
}

/** Whether another connection's lock is in the way, so that the same statement may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_BUSY'
}

function kindOf(error: unknown): Kind | undefined {
  const code = codeOf(error)
  if (code === undefined) return undefined
  return kinds.get(code) ?? kinds.get(code.split('_', 2).join('_'))
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
