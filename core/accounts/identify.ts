import type { Account } from '../model/account.ts'
import type { SessionRole } from '../model/session.ts'
import type { Verification } from '../services/accounts.ts'

/** Whether an account, or nobody, may be used for a role: what `identify` of a provider answers. */
export function mayBeUsed(account: Account | undefined, role: SessionRole): Verification {
  if (account === undefined) return { ok: false, reason: 'unknown' }
  if (account.disabled) return { ok: false, reason: 'disabled' }
  return account.disabledProtocols?.includes(role) ? { ok: false, reason: 'protocol' } : { ok: true, account }
}
