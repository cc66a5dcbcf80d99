import {
  type Clock,
  type CramMd5Response,
  type Database,
  type Log,
  parseAddress,
  type ScramVerifier,
  type SessionRole,
  UnavailableError,
  type Verification,
} from 'mailwright'
import {
  hashAppSecret,
  isCramMd5Hash,
  lacksScramKeys,
  makeScramKeys,
  mayBeUsed,
  needsRehash,
  scramVerifierOf,
  verifyCramMd5,
  verifyLogin,
} from 'mailwright/accounts'
import { noteUse } from './app-passwords.ts'
import {
  findSecrets,
  type KeptAppPassword,
  type SecretPolicy,
  type SecretsRecord,
  secretColumns,
} from './secrets.ts'
import type { AccountRow, AppPasswordRow } from './tables.ts'

/** What a login needs. Nothing of it is cached: a changed or revoked password is out of force at once, everywhere. */
export interface LoginSettings {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly secretPolicy: () => Promise<SecretPolicy>
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
  const { scram: policy } = await settings.secretPolicy()
  if (policy === undefined) throw new UnavailableError('no keys for SCRAM are kept')
  const { database, clock } = settings
  return scramVerifierOf(policy, {
    login,
    role,
    load: () => find(settings, login),
    onUse: (used) => unlessReadOnly(settings, used, noteUse(database, clock, used)),
  })
}

/** Verifies an answer to a challenge of CRAM-MD5. */
export async function verifySqlCramMd5(
  settings: LoginSettings,
  login: string,
  response: CramMd5Response,
  role: SessionRole,
): Promise<Verification> {
  const { database, clock } = settings
  const { verification, used } = verifyCramMd5(response, role, await find(settings, login))
  if (used !== undefined) await unlessReadOnly(settings, used, noteUse(database, clock, used))
  return verification
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
 * Keeps the password as new ones are kept: hashed anew, and for SCRAM and CRAM-MD5 where that is wanted. Nothing where it
 * is so already, or was changed meanwhile.
 */
async function renew(
  { database, secretPolicy }: LoginSettings,
  record: SecretsRecord,
  secret: string,
): Promise<void> {
  const { id, password } = record.row
  if (password === null) return
  const policy = await secretPolicy()
  const { scram, cramMd5 } = policy
  const lacksKeys = scram !== undefined && lacksScramKeys(scram, record, record.scramKeys)
  if (!lacksKeys && (cramMd5 ? isCramMd5Hash(password) : !needsRehash(password))) return
  const columns = await secretColumns(policy, secret, record.account.address, record)
  await database.query((knex) => knex<AccountRow>('accounts').where({ id, password }).update(columns))
}

/** Notes the use of an app password, and keeps it for SCRAM and CRAM-MD5 where that is wanted and not done yet. */
async function keepUse(
  { database, clock, secretPolicy }: LoginSettings,
  record: SecretsRecord,
  { used, secret }: { readonly used: KeptAppPassword; readonly secret: string },
): Promise<void> {
  await noteUse(database, clock, used)
  const { scram, cramMd5 } = await secretPolicy()
  const lacksKeys = scram !== undefined && lacksScramKeys(scram, record, used.scramKeys)
  const columns = {
    ...(lacksKeys ? { scram_keys: await makeScramKeys(scram, secret, record.account.address, record) } : {}),
    ...(cramMd5 !== isCramMd5Hash(used.hash) ? { hash: hashAppSecret(secret, cramMd5) } : {}),
  }
  if (Object.keys(columns).length === 0) return
  await database.query((knex) => knex<AppPasswordRow>('app_passwords').where({ id: used.id }).update(columns))
}
