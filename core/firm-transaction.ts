import { errorCode } from './errors.ts'
import type { Database } from './services/database.ts'

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/** Times that a transaction is made again which another one's locks have undone. */
const afterDeadlocks = 5

/**
 * A transaction that is made again where another one's locks have undone it, and once where the database did not answer: it may have
 * been made then, so that it must do the same a second time. MAIL_E_UNAVAILABLE.
 */
export async function firmTransaction<T>(
  database: Database,
  run: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  for (let times = 0; ; times++) {
    try {
      return await database.transaction(run)
    } catch (error) {
      const most = isDeadlock(error) ? afterDeadlocks : errorCode(error) === 'MAIL_E_UNAVAILABLE' ? 1 : 0
      if (times >= most) throw error
    }
  }
}

/** The SQL standard's class of transactions that were undone for others' sake (ISO 9075: 40001). */
function isDeadlock(error: unknown): boolean {
  const { cause } = error instanceof Error ? error : {}
  return cause instanceof Error && 'sqlState' in cause && cause.sqlState === '40001'
}
