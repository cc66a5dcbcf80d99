import type { SendingLimit } from '../model/account.ts'
import { type Reply, reply } from '../model/reply.ts'
import type { Transaction } from '../model/transaction.ts'
import type { Accounts } from '../services/accounts.ts'
import { invalid } from './rules.ts'

const MAX_RECIPIENTS = 1_000_000_000
const MAX_SECONDS = 31 * 86_400

// RFC 3463 §3.8: 4.7.1 and 5.7.1 are "delivery not authorized". Not 452 4.5.3, "too many recipients": a client
// answers that with another transaction at once (RFC 5321 §4.5.3.1.10).
const tooMuch = reply(450, '4.7.1', 'The sending limit of this account is reached, try again later')
const disabled = reply(550, '5.7.1', 'This account may not send')

/** Absent: no limit. MAIL_E_INVALID where it is no limit. */
export function checkSendingLimit(limit: SendingLimit | undefined): SendingLimit | undefined {
  if (limit === undefined) return undefined
  const { recipients, perSeconds } = limit
  const isWhole = (value: number, from: number, to: number): boolean =>
    Number.isInteger(value) && value >= from && value <= to
  if (!isWhole(recipients, 0, MAX_RECIPIENTS)) return invalid('is no number of recipients', `${recipients}`)
  if (!isWhole(perSeconds, 1, MAX_SECONDS))
    return invalid('is no number of seconds from 1 to 31 days', `${perSeconds}`)
  return { recipients, perSeconds }
}

/** When the window that a moment lies in began: windows stand still, so that all processes count in the same one. */
export function windowStart({ perSeconds }: SendingLimit, now: number): number {
  const length = perSeconds * 1000
  return Math.floor(now / length) * length
}

/** Counts one more recipient of an account; false where there is no room left in the window of this moment. */
export type CountSending = (accountId: string, limit: SendingLimit) => Promise<boolean>

/**
 * What a provider's tap of `checkRecipient` answers: a refusal where the account of the session is over its limit, or
 * is gone or disabled since it has logged in. Every recipient that is asked for counts, also one that somebody else
 * refuses.
 */
export async function checkSending(
  accounts: Accounts,
  { session }: Pick<Transaction, 'session'>,
  count: CountSending,
): Promise<Reply | undefined> {
  if (session.account === undefined) return undefined
  // Looked up again: the session's is as old as its login.
  const account = await accounts.byId(session.account.id)
  if (account === undefined || account.disabled) return disabled
  const limit = account.sendingLimit
  return limit === undefined || (await count(account.id, limit)) ? undefined : tooMuch
}
