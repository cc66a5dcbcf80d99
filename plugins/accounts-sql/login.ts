import {
  addressKey,
  type Database,
  hashPassword,
  type Log,
  needsRehash,
  parseAddress,
  type SessionRole,
  type Verification,
  verifyNothing,
  verifyPassword,
} from 'mailwright'
import { type AccountRow, findAccount, toAccount } from './tables.ts'

/**
 * Verifies a secret for an address. Whether there is such an account, and whether it may log in, is told only after as
 * much work as a wrong secret takes.
 */
export async function verifyLogin(
  { database, log }: { database: Database; log: Log },
  login: string,
  secret: string,
  role: SessionRole,
): Promise<Verification> {
  const address = parseAddress(login)
  const row = address && (await database.query((knex) => findAccount(knex, addressKey(address))))
  if (row === undefined || row.password === null) {
    await verifyNothing(secret)
    return { ok: false, reason: row === undefined ? 'unknown' : 'wrong-secret' }
  }
  if (!(await verifyPassword(secret, row.password))) return { ok: false, reason: 'wrong-secret' }
  if (row.disabled) return { ok: false, reason: 'disabled' }
  const account = toAccount(row)
  if (account.disabledProtocols?.includes(role)) return { ok: false, reason: 'protocol' }
  if (needsRehash(row.password)) {
    // The login has succeeded whatever becomes of this: a database may well be readable only.
    await rehash(database, row, secret).catch((error) => log.warn('unavailable', { account: row.id, error }))
  }
  return { ok: true, account }
}

/** Keeps the password as new ones are kept, unless it was changed meanwhile. */
async function rehash(database: Database, { id, password }: AccountRow, secret: string): Promise<void> {
  const renewed = await hashPassword(secret)
  await database.query((knex) =>
    knex<AccountRow>('accounts').where({ id, password }).update({ password: renewed }),
  )
}
