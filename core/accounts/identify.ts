import type { Account } from '../model/account.ts'
import type { SessionRole } from '../model/session.ts'
import type { Verification } from '../services/accounts.ts'

/** Whether an account, or nobody, may be used for a role: what `identify` of a provider answers. */
export function mayBeUsed(account: Account | undefined, role: SessionRole): Verification {
  if (account === undefined) return { ok: false, reason: 'unknown' }
  if (account.disabled) return { ok: false, reason: 'disabled' }
  return account.disabledProtocols?.includes(role) ? { ok: false, reason: 'protocol' } : { ok: true, account }
}

/** The same for an account that somebody has opened: with its own password, or with an app password for some roles. */
export function mayBeOpened(
  account: Account,
  role: SessionRole,
  used: { readonly name: string; readonly roles: readonly string[] } | undefined,
): Verification {
  const verified = mayBeUsed(account, role)
  if (!verified.ok || used === undefined) return verified
  const isInScope = used.roles.length === 0 || used.roles.includes(role)
  return isInScope ? { ...verified, appPassword: used.name } : { ok: false, reason: 'protocol' }
}
