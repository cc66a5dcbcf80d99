import {
  type Address,
  addressKey,
  type Clock,
  type Database,
  hashPassword,
  type Log,
  needsRehash,
  parseAddress,
  type SessionRole,
  type Verification,
  verifyLogin,
} from 'mailwright'
import { noteUse, rolesOf } from './app-passwords.ts'
import { type AccountRow, type AccountView, type AppPasswordRow, toAccount, viewAccounts } from './tables.ts'

/** What a login needs. Nothing of it is cached: a changed or revoked password is out of force at once, everywhere. */
export interface LoginSettings {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
}

/** An account with one of its app passwords, or with none. */
interface LoginRow extends AccountView {
  readonly app_id: number | null
  readonly app_name: string | null
  readonly app_hash: string | null
  readonly app_roles: string | null
  readonly app_last_used_at: AppPasswordRow['last_used_at']
}

/** Verifies a secret for an address, and keeps what a success tells. */
export async function verifySqlLogin(
  { database, clock, log }: LoginSettings,
  login: string,
  secret: string,
  role: SessionRole,
): Promise<Verification> {
  const address = parseAddress(login)
  const rows = address === undefined ? [] : await findLogin(database, address)
  const [row] = rows
  const record = row && {
    account: toAccount(row, row.domain_disabled),
    password: row.password ?? undefined,
    appPasswords: rows.flatMap(appPasswordOf),
  }
  const { verification, used } = await verifyLogin(secret, role, record)
  if (row === undefined || !verification.ok) return verification
  const kept = used === undefined ? rehash(database, row, secret) : noteUse(database, clock, used)
  // The login has succeeded whatever becomes of these: a database may well be readable only.
  await kept.catch((error) => log.warn('unavailable', { account: row.id, error }))
  return verification
}

/** The account of an address, once for each of its app passwords. Compared again here: see `findAccount`. */
async function findLogin(database: Database, address: Address): Promise<readonly LoginRow[]> {
  const key = addressKey(address)
  const rows: LoginRow[] = await database.query((knex) =>
    viewAccounts(knex)
      .leftJoin('app_passwords', 'app_passwords.account_id', 'accounts.id')
      .where('accounts.address_key', key)
      .select({
        app_id: 'app_passwords.id',
        app_name: 'app_passwords.name',
        app_hash: 'app_passwords.hash',
        app_roles: 'app_passwords.roles',
        app_last_used_at: 'app_passwords.last_used_at',
      }),
  )
  return rows.filter((row) => row.address_key === key)
}

function appPasswordOf(row: LoginRow) {
  const { app_id: id, app_name: name, app_hash: hash, app_roles: roles } = row
  if (id === null || name === null || hash === null || roles === null) return []
  return [{ id, name, hash, roles: rolesOf({ roles }), last_used_at: row.app_last_used_at }]
}

/** Keeps the password as new ones are kept, unless it is, or was changed meanwhile. */
async function rehash(database: Database, { id, password }: AccountRow, secret: string): Promise<void> {
  if (password === null || !needsRehash(password)) return
  const renewed = await hashPassword(secret)
  await database.query((knex) =>
    knex<AccountRow>('accounts').where({ id, password }).update({ password: renewed }),
  )
}
