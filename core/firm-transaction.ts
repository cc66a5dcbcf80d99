import { errorCode } from './errors.ts'
import type { Database } from './services/database.ts'

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/** Times that a transaction is made again: which another one's locks have undone, and which got no answer. */
const [mostUndone, mostUnanswered] = [5, 1]

/**
 * A transaction that is made again where another one's locks have undone it, and once where the database did not answer: it may have
 * been made then, so that it must come to the same a second time. `mayBeMade` says so where doing the same is not enough. What it leaves
 * outside of the database is left by what was undone, too. MAIL_E_UNAVAILABLE.
 */
export async function firmTransaction<T>(
  database: Database,
  run: (transaction: Transaction, mayBeMade: boolean) => Promise<T>,
): Promise<T> {
  let [undone, unanswered, mayBeMade] = [0, 0, false]
  for (;;) {
    let isWhole = false
    try {
      return await database.transaction(async (transaction) => {
        const answer = await run(transaction, mayBeMade)
        isWhole = true
        return answer
      })
    } catch (error) {
      if (isDeadlock(error)) {
        if (++undone > mostUndone) throw error
        continue
      }
      if (errorCode(error) !== 'MAIL_E_UNAVAILABLE' || ++unanswered > mostUnanswered) throw error
      // What has not come to its COMMIT was not made.
      mayBeMade ||= isWhole
    }
  }
}

/** The SQL standard's class of transactions that were undone for others' sake (ISO 9075: 40001). */
function isDeadlock(error: unknown): boolean {
  const { cause } = error instanceof Error ? error : {}
  return cause instanceof Error && 'sqlState' in cause && cause.sqlState === '40001'
}
