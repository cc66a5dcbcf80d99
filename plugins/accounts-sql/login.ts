import {
  type Clock,
  type Database,
  type Log,
  parseAddress,
  type ScramVerifier,
  type SessionRole,
  UnavailableError,
  type Verification,
} from 'mailwright'
import {
  lacksScramKeys,
  makeScramKeys,
  mayBeUsed,
  needsRehash,
  type ScramPolicy,
  scramVerifierOf,
  verifyLogin,
} from 'mailwright/accounts'
import { noteUse } from './app-passwords.ts'
import { findSecrets, type KeptAppPassword, type SecretsRecord, secretColumns } from './secrets.ts'
import type { AccountRow, AppPasswordRow } from './tables.ts'

/** What a login needs. Nothing of it is cached: a changed or revoked password is out of force at once, everywhere. */
export interface LoginSettings {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  /** How keys for SCRAM are made; undefined where none are kept. */
  readonly scramPolicy: () => Promise<ScramPolicy | undefined>
}

/** Verifies a secret for an address, and keeps what a success tells. */
export async function verifySqlLogin(
  settings: LoginSettings,
  login: string,
  secret: string,
  role: SessionRole,
): Promise<Verification> {
  const record = await find(settings, login)
  const { verification, used } = await verifyLogin(secret, role, record)
  if (record === undefined || !verification.ok) return verification
  const kept =
    used === undefined ? renew(settings, record, secret) : keepUse(settings, record, { used, secret })
  await unlessReadOnly(settings, record, kept)
  return verification
}

/** What a login by SCRAM needs. */
export async function sqlScramVerifier(
  settings: LoginSettings,
  login: string,
  role: SessionRole,
): Promise<ScramVerifier> {
  const policy = await settings.scramPolicy()
  if (policy === undefined) throw new UnavailableError('no keys for SCRAM are kept')
  const { database, clock } = settings
  return scramVerifierOf(policy, {
    login,
    role,
    load: () => find(settings, login),
    onUse: (used) => unlessReadOnly(settings, used, noteUse(database, clock, used)),
  })
}

/** Who a login is. */
export async function identifySqlLogin(
  settings: LoginSettings,
  login: string,
  role: SessionRole,
): Promise<Verification> {
  return mayBeUsed((await find(settings, login))?.account, role)
}

async function find({ database }: LoginSettings, login: string): Promise<SecretsRecord | undefined> {
  const address = parseAddress(login)
  return address && findSecrets(database, address)
}

/** The login has succeeded whatever becomes of what is to be kept of it: a database may well be readable only. */
async function unlessReadOnly(
  { log }: LoginSettings,
  about: { readonly row: AccountRow } | { readonly name: string },
  kept: Promise<void>,
): Promise<void> {
  const facts = 'row' in about ? { account: about.row.id } : { appPassword: about.name }
  await kept.catch((error) => log.warn('unavailable', { ...facts, error }))
}

/**
 * Keeps the password as new ones are kept: hashed anew, and with keys for SCRAM where they are wanted. Nothing where it
 * is so already, or was changed meanwhile.
 */
async function renew(
  { database, scramPolicy }: LoginSettings,
  record: SecretsRecord,
  secret: string,
): Promise<void> {
  const { id, password } = record.row
  if (password === null) return
  const policy = await scramPolicy()
  const lacksKeys = policy !== undefined && lacksScramKeys(policy, record, record.scramKeys)
  if (!lacksKeys && !needsRehash(password)) return
  const columns = await secretColumns(policy, secret, record.account.address, record)
  await database.query((knex) => knex<AccountRow>('accounts').where({ id, password }).update(columns))
}

/** Notes the use of an app password, and makes its keys where they are wanted and not there. */
async function keepUse(
  { database, clock, scramPolicy }: LoginSettings,
  record: SecretsRecord,
  { used, secret }: { readonly used: KeptAppPassword; readonly secret: string },
): Promise<void> {
  await noteUse(database, clock, used)
  const policy = await scramPolicy()
  if (policy === undefined || !lacksScramKeys(policy, record, used.scramKeys)) return
  const keys = await makeScramKeys(policy, secret, record.account.address, record)
  await database.query((knex) =>
    knex<AppPasswordRow>('app_passwords').where({ id: used.id }).update({ scram_keys: keys }),
  )
}
