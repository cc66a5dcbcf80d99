import type { Account } from '../model/account.ts'
import type { SessionRole } from '../model/session.ts'
import type { Verification } from '../services/accounts.ts'
import type { VerifiedLogin } from './login.ts'

/** Whether an account, or nobody, may be used for a role: what `identify` of a provider answers. */
export function mayBeUsed(account: Account | undefined, role: SessionRole): Verification {
  if (account === undefined) return { ok: false, reason: 'unknown' }
  if (account.disabled) return { ok: false, reason: 'disabled' }
  return account.disabledProtocols?.includes(role) ? { ok: false, reason: 'protocol' } : { ok: true, account }
}

/** What an app password opens. */
interface AppScope {
  readonly name: string
  readonly roles: readonly string[]
}

/** The same for an account that somebody has opened: with its own password, or with an app password for some roles. */
function mayBeOpened(account: Account, role: SessionRole, used: AppScope | undefined): Verification {
  const verified = mayBeUsed(account, role)
  if (!verified.ok || used === undefined) return verified
  const isInScope = used.roles.length === 0 || used.roles.includes(role)
  return isInScope ? { ...verified, appPassword: used.name } : { ok: false, reason: 'protocol' }
}

/**
 * What secrets that were proven come to: several app passwords may have one secret, each for other roles. The first that opens
 * the account counts, else the first; undefined where there are none.
 */
export function openedBy<Stored extends AppScope>(
  account: Account,
  role: SessionRole,
  matching: readonly { readonly from: Stored | undefined }[],
): VerifiedLogin<Stored> | undefined {
  const judged = matching.map(({ from }) => ({ from, verification: mayBeOpened(account, role, from) }))
  const chosen = judged.find(({ verification }) => verification.ok) ?? judged[0]
  return (
    chosen && { verification: chosen.verification, used: chosen.verification.ok ? chosen.from : undefined }
  )
}
