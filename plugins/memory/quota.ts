import { type Account, MailwrightError } from 'mailwright'
import type { AccountData } from './account-data.ts'

/**
 * MAIL_E_OVER_QUOTA where so many octets more do not fit. What is staged counts as if it were there; who needs no more room
 * need not fit.
 */
export function requireRoom(account: Account, data: AccountData, octets: number): void {
  const { quotaBytes } = account
  if (quotaBytes === undefined || octets <= 0) return
  if (data.usage.bytes + data.stagedBytes + octets <= quotaBytes) return
  throw new MailwrightError(
    'MAIL_E_OVER_QUOTA',
    `${octets} octets do not fit into the quota of ${quotaBytes}`,
  )
}

/** The same, and keeps the room. The answered call, to be made once, gives it back. */
export function reserveRoom(account: Account, data: AccountData, octets: number): () => void {
  requireRoom(account, data, octets)
  const kept = Math.max(0, octets)
  data.stagedBytes += kept
  return () => {
    data.stagedBytes -= kept
  }
}
