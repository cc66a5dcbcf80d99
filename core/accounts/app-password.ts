import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { MailwrightError } from '../errors.ts'
import { caseless } from '../model/address/caseless.ts'
import type { SessionRole } from '../model/session.ts'
import {
  type CramMd5Key,
  checkCharacters,
  hashForCramMd5,
  isCramMd5Hash,
  isKeyOf,
  readCramMd5Key,
} from '../passwords/index.ts'
import type { AppPassword, NewAppPassword } from '../services/accounts.ts'
import { checkLine, checkRoles } from './rules.ts'

const MAX_NAME_CHARACTERS = 64
const MAX_AN_ACCOUNT = 64
const SHORTEST_SECRET = 20
const LONGEST_SECRET = 1024

// 24 of 31 characters: 118 bits. None of them is easily taken for another one.
const characters = '23456789abcdefghjkmnpqrstuvwxyz'
const groups = [6, 6, 6, 6]

const DIGEST_OCTETS = 32
const SALT_OCTETS = 16
const form = /^\{SSHA256\}([A-Za-z0-9+/]{44,128}={0,2})$/

/** An app password as it is kept. */
export interface StoredAppPassword extends AppPassword {
  readonly hash: string
  /** Its keys for SCRAM, where they are kept. */
  readonly scramKeys?: string
}

/**
 * Makes an app password; MAIL_E_EXISTS and MAIL_E_OVER_QUOTA beside those that the account has. The secret is of a
 * program's making and cannot be guessed, so that one round of a salted SHA-256 keeps it as well as a slow hash would:
 * a login tries all app passwords of an account in no time, and nobody can tell from its time how many there are. With
 * `cramMd5` it is kept as `{CRAM-MD5}`, for which the same holds.
 */
export function makeAppPassword(
  { name, roles = [], secret = newAppSecret() }: NewAppPassword,
  others: readonly AppPassword[],
  now: number,
  cramMd5: boolean = false,
): { readonly stored: StoredAppPassword; readonly secret: string } {
  const checked = checkLine(name, 'name of an app password', MAX_NAME_CHARACTERS)
  if (others.some((other) => sameName(other.name, checked)))
    throw new MailwrightError('MAIL_E_EXISTS', `there is an app password ${JSON.stringify(checked)} already`)
  if (others.length >= MAX_AN_ACCOUNT)
    throw new MailwrightError('MAIL_E_OVER_QUOTA', `an account has at most ${MAX_AN_ACCOUNT} app passwords`)
  const kept = hashAppSecret(checkSecret(secret), cramMd5)
  return {
    stored: { name: checked, roles: checkRoles(roles), createdAt: new Date(now), hash: kept },
    secret,
  }
}

/** A secret for an app password. */
export function newAppSecret(): string {
  const pick = (): string => characters.charAt(randomInt(characters.length))
  return groups.map((length) => Array.from({ length }, pick).join('')).join('-')
}

/** App passwords are told apart by their names without regard to case. */
export function sameName(one: string, other: string): boolean {
  return nameKey(one) === nameKey(other)
}

/** What a name is compared by. */
export function nameKey(name: string): string {
  return caseless(name)
}

/** What came of trying app passwords. */
export interface AppPasswordMatch<Stored> {
  /** The one whose secret it is; any other one where it is for that role. */
  readonly found: Stored
  /** Whether it is for the role. */
  readonly inScope: boolean
}

/** Finds the app password that a secret is, among those of one account. Takes next to no time. */
export function matchAppPassword<Stored extends { readonly hash: string; readonly roles: readonly string[] }>(
  secret: string,
  role: SessionRole,
  passwords: readonly Stored[],
): AppPasswordMatch<Stored> | undefined {
  if (secret.length > LONGEST_SECRET) return undefined
  const matching = passwords.filter((password) => matches(secret, password.hash))
  const isFor = ({ roles }: Stored): boolean => roles.length === 0 || roles.includes(role)
  const found = matching.find(isFor) ?? matching[0]
  return found && { found, inScope: isFor(found) }
}

/** MAIL_E_NOT_FOUND for an app password. */
export function noAppPassword(name: string): MailwrightError {
  return new MailwrightError(
    'MAIL_E_NOT_FOUND',
    `there is no app password ${JSON.stringify(name.slice(0, 64))}`,
  )
}

function checkSecret(secret: string): string {
  const octets = Buffer.byteLength(secret)
  if (octets < SHORTEST_SECRET || octets > LONGEST_SECRET) {
    const range = `${SHORTEST_SECRET} to ${LONGEST_SECRET} octets`
    throw new MailwrightError(
      'MAIL_E_INVALID',
      `the secret of an app password is made by a program, with ${range}`,
    )
  }
  checkCharacters(secret)
  return secret
}

/** How a secret of an app password is kept. */
export function hashAppSecret(secret: string, cramMd5: boolean): string {
  if (cramMd5) return hashForCramMd5(secret)
  const salt = randomBytes(SALT_OCTETS)
  return `{SSHA256}${Buffer.concat([digest(secret, salt), salt]).toString('base64')}`
}

/** The key for CRAM-MD5 that an app password is kept as; undefined where it is kept otherwise. */
export function appPasswordKey(stored: string): CramMd5Key | undefined {
  return isCramMd5Hash(stored) ? readCramMd5Key(stored) : undefined
}

function matches(secret: string, stored: string): boolean {
  const key = appPasswordKey(stored)
  if (key !== undefined) return isKeyOf(key, Buffer.from(secret))
  const octets = Buffer.from(form.exec(stored)?.[1] ?? '', 'base64')
  if (octets.length <= DIGEST_OCTETS) return false
  const salt = octets.subarray(DIGEST_OCTETS)
  return timingSafeEqual(digest(secret, salt), octets.subarray(0, DIGEST_OCTETS))
}

function digest(secret: string, salt: Buffer): Buffer {
  return createHash('sha256').update(secret).update(salt).digest()
}
