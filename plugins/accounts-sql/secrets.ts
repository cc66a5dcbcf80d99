import { createHash } from 'node:crypto'
import { type Address, addressKey, type Database, UnavailableError } from 'mailwright'
import {
  hashForCramMd5,
  hashPassword,
  makeScramKeys,
  readScramKeys,
  type ScramPolicy,
  type ScramRecord,
} from 'mailwright/accounts'
import type { AccountsSqlOptions } from './options.ts'
import {
  type AccountRow,
  type AccountView,
  type AppPasswordRow,
  rolesOf,
  type SecretRow,
  toAccount,
  viewAccounts,
} from './tables.ts'

/** An app password as a login needs it. */
export interface KeptAppPassword {
  readonly id: number
  readonly name: string
  readonly hash: string
  readonly roles: readonly string[]
  readonly scramKeys: string | undefined
  readonly last_used_at: AppPasswordRow['last_used_at']
}

/** An account with its secrets. */
export interface SecretsRecord extends ScramRecord<KeptAppPassword> {
  readonly row: AccountView
  readonly password: string | undefined
  readonly appPasswords: readonly KeptAppPassword[]
}

/** An account with one of its app passwords, or with none. */
interface SecretsRow extends AccountView {
  readonly app_id: number | null
  readonly app_name: string | null
  readonly app_hash: string | null
  readonly app_roles: string | null
  readonly app_scram_keys: string | null
  readonly app_last_used_at: AppPasswordRow['last_used_at']
}

/** The account of an address. Compared again here: see `findAccount`. */
export async function findSecrets(database: Database, address: Address): Promise<SecretsRecord | undefined> {
  const key = addressKey(address)
  const found: SecretsRow[] = await database.query((knex) =>
    viewAccounts(knex)
      .leftJoin('app_passwords', 'app_passwords.account_id', 'accounts.id')
      .where('accounts.address_key', key)
      .select({
        app_id: 'app_passwords.id',
        app_name: 'app_passwords.name',
        app_hash: 'app_passwords.hash',
        app_roles: 'app_passwords.roles',
        app_scram_keys: 'app_passwords.scram_keys',
        app_last_used_at: 'app_passwords.last_used_at',
      }),
  )
  const rows = found.filter((row) => row.address_key === key)
  const [row] = rows
  return (
    row && {
      row,
      account: toAccount(row, row.domain_disabled),
      password: row.password ?? undefined,
      scramKeys: scramKeysOf(row),
      appPasswords: rows.flatMap(appPasswordOf),
    }
  )
}

function appPasswordOf(row: SecretsRow): readonly KeptAppPassword[] {
  const { app_id: id, app_name: name, app_hash: hash, app_roles: roles, app_scram_keys: keys } = row
  if (id === null || name === null || hash === null || roles === null) return []
  const last_used_at = row.app_last_used_at
  return [{ id, name, hash, roles: rolesOf({ roles }), scramKeys: keys ?? undefined, last_used_at }]
}

/**
 * The keys that count: those that were made for the very hash beside them, so that a hash that somebody writes into the
 * table by hand takes the old password away from SCRAM, too; or the hash, where it is keys.
 */
function scramKeysOf({ password, scram_keys: keys, scram_of: mark }: AccountRow): string | undefined {
  if (password === null) return undefined
  if (keys !== null && mark === hashMark(password)) return keys
  return readScramKeys(password) && password
}

/** What tells one hash from another. */
function hashMark(password: string): string {
  return createHash('sha256').update(password).digest('hex')
}

export type SecretColumns = Pick<AccountRow, 'password' | 'scram_keys' | 'scram_of'>

/** The columns of an account that cannot log in. */
export const noSecret: SecretColumns = { password: null, scram_keys: null, scram_of: null }

/** How new secrets are kept. */
export interface SecretPolicy {
  /** How keys for SCRAM are made; undefined where none are kept. */
  readonly scram: ScramPolicy | undefined
  /** Whether what stands in the hash's place is good for CRAM-MD5. */
  readonly cramMd5: boolean
}

/** The columns of a new password, or of one that is hashed anew. */
export async function secretColumns(
  { scram, cramMd5 }: SecretPolicy,
  secret: string,
  address: Address,
  before?: SecretsRecord,
): Promise<SecretColumns> {
  const password = cramMd5 ? hashForCramMd5(secret) : await hashPassword(secret)
  if (scram === undefined) return { ...noSecret, password }
  const keys = await makeScramKeys(scram, secret, address, before)
  return { password, scram_keys: keys, scram_of: hashMark(password) }
}

/** What salts for SCRAM are made of is read once, for it never changes. */
export function secretPolicies(
  database: Database,
  options: Pick<AccountsSqlOptions, 'scram' | 'cramMd5'>,
): () => Promise<SecretPolicy> {
  const { scram } = options
  const cramMd5 = options.cramMd5 !== undefined
  let known: ScramPolicy | undefined
  return async () => {
    if (scram !== undefined)
      known ??= { saltKey: await readScramSalt(database), iterations: scram.iterations }
    return { scram: known, cramMd5 }
  }
}

async function readScramSalt(database: Database): Promise<Buffer> {
  const row = await database.query((knex) =>
    knex<SecretRow>('accounts_secrets').where({ name: 'scram-salt' }).first('value'),
  )
  if (row === undefined) throw new UnavailableError('the table of secrets has lost what salts are made of')
  return Buffer.from(row.value, 'hex')
}
