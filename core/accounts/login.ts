import type { Account } from '../model/account.ts'
import type { SessionRole } from '../model/session.ts'
import { verifyNothing, verifyPassword } from '../passwords/index.ts'
import type { Verification } from '../services/accounts.ts'
import { matchAppPassword } from './app-password.ts'

/** An account as a login needs it. */
export interface LoginRecord<Stored> {
  /** Disabled, too, where its domain is. */
  readonly account: Account
  /** A hash. Undefined: the account has no password of its own. */
  readonly password: string | undefined
  readonly appPasswords: readonly Stored[]
}

/** What came of a login, and by what. */
export interface VerifiedLogin<Stored> {
  readonly verification: Verification
  /** The app password that opened it; undefined where it was the account's own, or nothing. */
  readonly used: Stored | undefined
}

/**
 * Verifies a secret for an account, or for nobody. Whether there is such an account, and whether it may log in, is told
 * only after as much work as a wrong secret takes. MAIL_E_UNAVAILABLE where too many wait.
 */
export async function verifyLogin<
  Stored extends { readonly name: string; readonly hash: string; readonly roles: readonly string[] },
>(
  secret: string,
  role: SessionRole,
  record: LoginRecord<Stored> | undefined,
): Promise<VerifiedLogin<Stored>> {
  const failed = (reason: 'unknown' | 'wrong-secret' | 'disabled' | 'protocol') =>
    ({ verification: { ok: false, reason }, used: undefined }) as const
  if (record === undefined) {
    await verifyNothing(secret)
    return failed('unknown')
  }
  const { account, password } = record
  // First, for it takes next to no time: no login waits for a slow hash that is not needed.
  const match = matchAppPassword(secret, role, record.appPasswords)
  const byApp = match?.inScope === true
  const byOwn =
    !byApp && (password === undefined ? await verifyNothing(secret) : await verifyPassword(secret, password))
  if (match === undefined && !byOwn) return failed('wrong-secret')
  if (account.disabled) return failed('disabled')
  if ((!byApp && !byOwn) || account.disabledProtocols?.includes(role)) return failed('protocol')
  if (match === undefined || byOwn) return { verification: { ok: true, account }, used: undefined }
  return { verification: { ok: true, account, appPassword: match.found.name }, used: match.found }
}
