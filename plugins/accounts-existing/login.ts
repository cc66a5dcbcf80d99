import {
  type Account,
  type CramMd5Response,
  type Database,
  type Log,
  parseAddress,
  type ScramVerifier,
  type SessionRole,
  type Verification,
} from 'mailwright'
import {
  hashForCramMd5,
  hashPassword,
  isVerifiable,
  mayBeUsed,
  needsRehash,
  readCramMd5Key,
  readScramKeys,
  type ScramPolicy,
  scramVerifierOf,
  type VerifyOptions,
  verifyCramMd5,
  verifyNothing,
  verifyPassword,
} from 'mailwright/accounts'
import { unavailable } from './failure.ts'
import type { FoundAccount, Login, Schema } from './schema.ts'

/** How a site keeps passwords, and what may be written. */
export interface PasswordSettings {
  readonly defaultScheme: string | undefined
  readonly plain: boolean
  readonly rehash: boolean
  readonly writeBack: boolean
  readonly scram: boolean
  readonly scramIterations: number
  readonly cramMd5: boolean
}

export interface LoginContext {
  readonly database: Database
  readonly schema: Schema
  readonly log: Log
  readonly passwords: PasswordSettings
  readonly defaultDomain: string | undefined
  /** Told of an account whose hash nobody can read. */
  unreadable(account: Account): void
}

const MAX_LOGIN_OCTETS = 320
// Controls, lone surrogates, line separators, and the mark of octets that were not UTF-8.
const forbidden = /[\p{Cc}\p{Cs}\u2028\u2029\ufffd]/u

/**
 * Verifies a secret. Whether there is such an account, and whether it may log in, is told only after as much work as a
 * wrong secret takes.
 */
export async function verifyLogin(
  context: LoginContext,
  text: string,
  secret: string,
  role: SessionRole,
): Promise<Verification> {
  const found = await findLogin(context, text, role)
  if (found === undefined) {
    await verifyNothing(secret)
    return { ok: false, reason: 'unknown' }
  }
  if (!(await hasSecret(found, secret, context.passwords))) {
    if (isDamaged(found, context.passwords)) context.unreadable(found.account)
    return { ok: false, reason: 'wrong-secret' }
  }
  const { account, isActive } = found
  if (!isActive) return { ok: false, reason: 'disabled' }
  if (account.disabledProtocols?.includes(role)) return { ok: false, reason: 'protocol' }
  if (found.hash !== undefined && mayRehash(found.hash, context.passwords)) {
    // The login has succeeded whatever becomes of this: the database may well let nobody write.
    await renewPassword(context, found, secret).catch((error) =>
      context.log.warn('unavailable', { account: account.id, error }),
    )
  }
  return { ok: true, account }
}

/** What a login by SCRAM needs: the site's own hash, where it is keys. */
export async function scramVerifier(
  context: LoginContext,
  policy: ScramPolicy,
  login: string,
  role: SessionRole,
): Promise<ScramVerifier> {
  const load = async () => {
    const found = await findLogin(context, login, role)
    return (
      found && { account: visible(found), scramKeys: scramKeysOf(found, context.passwords), appPasswords: [] }
    )
  }
  return scramVerifierOf(policy, { login, role, load })
}

/**
 * Verifies an answer to a challenge of CRAM-MD5 by what the site keeps, where that is good for it. A password in clear beside a
 * hash counts where it is the hash's: that is asked only of who has proven it, so that slow hashes tell nobody who exists.
 */
export async function verifyCramMd5Login(
  context: LoginContext,
  login: string,
  response: CramMd5Response,
  role: SessionRole,
): Promise<Verification> {
  const found = await findLogin(context, login, role)
  const options = verifyOptions(context.passwords)
  const beside = found && clearBesideHash(found, options)
  const password = found && (beside === undefined ? storedPassword(found) : `{PLAIN}${beside.clear}`)
  const record = found && { account: visible(found), password, appPasswords: [] }
  const { verification } = verifyCramMd5(response, role, record, options)
  if (!verification.ok || beside === undefined) return verification
  const isCurrent = await verifyPassword(beside.clear, beside.hash, options)
  return isCurrent ? verification : { ok: false, reason: 'wrong-secret' }
}

/** Who a login is. */
export async function identify(
  context: LoginContext,
  login: string,
  role: SessionRole,
): Promise<Verification> {
  const found = await findLogin(context, login, role)
  return mayBeUsed(found && visible(found), role)
}

/** The account, disabled also where only the password's row says so. */
function visible({ account, isActive }: FoundAccount): Account {
  return isActive ? account : { ...account, disabled: true }
}

/** The hash with its scheme before it, where it is keys for SCRAM. */
function scramKeysOf({ hash = '' }: FoundAccount, { defaultScheme }: PasswordSettings): string | undefined {
  if (readScramKeys(hash) !== undefined) return hash
  return readScramKeys(hash, defaultScheme) && `{SCRAM-SHA-256}${hash}`
}

/** What SCRAM and CRAM-MD5 need stays where clients are offered them: argon2id cannot stand in for it. */
function mayRehash(hash: string, passwords: PasswordSettings): boolean {
  const { rehash, scram, cramMd5, defaultScheme } = passwords
  if (!rehash || !needsRehash(hash)) return false
  if (scram && readScramKeys(hash, defaultScheme) !== undefined) return false
  return !(cramMd5 && readCramMd5Key(hash, verifyOptions(passwords)) !== undefined)
}

type PasswordTable = Pick<LoginContext, 'database' | 'schema'>

/** Keeps a password as argon2id in the place of an older hash. */
async function renewPassword(context: PasswordTable, found: FoundAccount, secret: string): Promise<boolean> {
  return writeHash(context, found, await argon2idOf(secret))
}

/** Keeps a new password: as argon2id, or good for CRAM-MD5 where clients are offered it, which many try and nothing else. */
export async function setPassword(
  context: PasswordTable & { readonly passwords: Pick<PasswordSettings, 'cramMd5'> },
  found: FoundAccount,
  secret: string,
): Promise<boolean> {
  const { cramMd5 } = context.passwords
  return writeHash(context, found, cramMd5 ? hashForCramMd5(secret) : await argon2idOf(secret))
}

/** With its scheme before it, so that other programs know it too. */
async function argon2idOf(secret: string): Promise<string> {
  return `{ARGON2ID}${await hashPassword(secret)}`
}

function writeHash({ database, schema }: PasswordTable, found: FoundAccount, hash: string): Promise<boolean> {
  return database.query((knex) => schema.setPassword(knex, found, hash))
}

async function findLogin(
  { database, schema, defaultDomain }: LoginContext,
  text: string,
  role: SessionRole,
): Promise<FoundAccount | undefined> {
  const login = readLogin(text, role, defaultDomain)
  if (login === undefined) return undefined
  return database
    .query((knex) => schema.accountForLogin(knex, login))
    .catch((error: unknown) => Promise.reject(unavailable(error)))
}

function readLogin(text: string, role: SessionRole, defaultDomain: string | undefined): Login | undefined {
  if (text === '' || text.trim() !== text || forbidden.test(text)) return undefined
  if (Buffer.byteLength(text) > MAX_LOGIN_OCTETS) return undefined
  const isBare = defaultDomain !== undefined && !text.includes('@')
  const address = parseAddress(isBare ? `${text}@${defaultDomain}` : text)
  return { text, address: address?.localPart === '' ? undefined : address, role }
}

async function hasSecret(found: FoundAccount, secret: string, passwords: PasswordSettings): Promise<boolean> {
  const stored = storedPassword(found)
  return stored === undefined
    ? verifyNothing(secret)
    : verifyPassword(secret, stored, verifyOptions(passwords))
}

/** The hash counts where there is one; what is kept in clear, only where there is none. */
function storedPassword({ hash, clear }: FoundAccount): string | undefined {
  return hash ?? (clear === undefined ? undefined : `{PLAIN}${clear}`)
}

/** The password in clear beside a hash that is not good for CRAM-MD5, as Courier's tables may have both. */
function clearBesideHash(
  { hash, clear }: FoundAccount,
  options: VerifyOptions,
): { readonly hash: string; readonly clear: string } | undefined {
  if (hash === undefined || clear === undefined) return undefined
  return readCramMd5Key(hash, options) === undefined ? { hash, clear } : undefined
}

/** Whether no secret can ever match the hash; the marks of accounts that are locked are meant so. */
function isDamaged({ hash }: FoundAccount, passwords: PasswordSettings): boolean {
  if (hash === undefined || /^(?:[!*]|$)/.test(hash)) return false
  return !isVerifiable(hash, verifyOptions(passwords))
}

function verifyOptions({ defaultScheme, plain }: PasswordSettings): VerifyOptions {
  return { plain, ...(defaultScheme === undefined ? {} : { bareScheme: defaultScheme }) }
}
