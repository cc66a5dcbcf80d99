import type { Knex } from 'knex'
import type { Clock, Database, SendingLimit } from 'mailwright'
import { windowStart } from 'mailwright/accounts'
import type { SendingRow } from './tables.ts'

// Whoever loses a race to make the row finds it there the next time.
const ATTEMPTS = 3

/**
 * Counts one recipient more of an account; false where there is no room left. Each step is one statement that decides
 * and changes at once, so that any number of processes can count together.
 */
export async function countSending(
  { database, clock }: { database: Database; clock: Clock },
  accountId: string,
  limit: SendingLimit,
): Promise<boolean> {
  if (limit.recipients === 0) return false
  const start = windowStart(limit, clock.now())
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = await database.query((knex) => countOnce(knex, accountId, limit.recipients, start))
    if (outcome !== undefined) return outcome
  }
  return false
}

/** Undefined where somebody else was quicker. */
async function countOnce(
  knex: Knex,
  accountId: string,
  most: number,
  start: number,
): Promise<boolean | undefined> {
  const row = () => knex<SendingRow>('account_sendings').where({ account_id: accountId })
  // A window that began later is one of another length, or of a clock that is ahead: what was counted in it counts.
  const counted = await row()
    .where('window_start', '>=', start)
    .where('recipients', '<', most)
    .increment('recipients', 1)
  if (counted > 0) return true
  const begun = await row().where('window_start', '<', start).update({ window_start: start, recipients: 1 })
  if (begun > 0) return true
  const current = await row().where('window_start', '>=', start).first('recipients')
  if (current !== undefined) return current.recipients < most ? undefined : false
  try {
    await knex<SendingRow>('account_sendings').insert({
      account_id: accountId,
      window_start: start,
      recipients: 1,
    })
    return true
  } catch (error) {
    if ((await row().first('recipients')) === undefined) throw error
    return undefined
  }
}
