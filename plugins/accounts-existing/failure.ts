import { errorCode, type MailwrightError, UnavailableError } from 'mailwright'
import { isAscii } from './spelling.ts'

/** What the drivers put on their errors. */
interface DriverError {
  readonly errno?: unknown
  readonly sqlMessage?: unknown
  readonly message?: unknown
}

// "Illegal mix of collations" of two, three and more operands; "cannot convert" of MySQL and of MariaDB.
const characterErrors: ReadonlySet<unknown> = new Set([1267, 1270, 1271, 3854, 1977])

/**
 * Asks for texts. A column of few characters (`latin1`) cannot be compared with a text beyond them: such a text is not
 * in it, so that only the others are asked for.
 */
export async function askFor<T, Row>(
  wanted: readonly T[],
  textOf: (one: T) => string,
  query: (wanted: readonly T[]) => PromiseLike<readonly Row[]>,
): Promise<readonly Row[]> {
  if (wanted.length === 0) return []
  try {
    return await query(wanted)
  } catch (error) {
    if (!characterErrors.has((error as DriverError | null)?.errno)) throw error
    const plain = wanted.filter((one) => isAscii(textOf(one)))
    // ASCII can be compared with everything; then it is the query that is wrong.
    if (plain.length === wanted.length) throw error
    return askFor(plain, textOf, query)
  }
}

/** An error of a query for our callers: a database that cannot answer a question is not available for it. */
export function unavailable(error: unknown): MailwrightError {
  if (errorCode(error) !== undefined) return error as MailwrightError
  return new UnavailableError('the accounts cannot be looked up', { cause: error })
}

/** What the database says is wrong, without the statement that knex puts before it. */
export function databaseText(error: unknown): string {
  const { sqlMessage, message } = (error ?? {}) as DriverError
  if (typeof sqlMessage === 'string') return sqlMessage.slice(0, 300)
  return typeof message === 'string' ? (message.split(' - ').at(-1) ?? '').slice(0, 300) : 'unknown error'
}
