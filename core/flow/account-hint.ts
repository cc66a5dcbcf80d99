import type { Notifier } from '../services/notifier.ts'

/** The topic of hints that accounts have changed. */
export const accountTopic = 'accounts'

/** The payload of a hint on the topic `accounts`: whoever holds sessions of the account looks at it anew. */
export interface AccountHint {
  /** The account's id. Absent: any account may have changed. */
  readonly account?: string
  /**
   * What no look at the account shows: its password was changed, one of its app passwords is gone, or whoever has logged in is to do
   * so again.
   */
  readonly end?: 'password' | 'app-password' | 'all'
  /** The name of that app password. */
  readonly appPassword?: string
}

/** Tells all processes that an account has changed. A hint may be lost: what a look shows is seen within a minute all the same. */
export function tellAccountChange(notifier: Notifier, hint: AccountHint): void {
  notifier.publish(accountTopic, hint)
}

/** Reads a payload. One that says nothing, `{ missed: true }` say, is taken for any account. */
export function readAccountHint(payload: unknown): AccountHint {
  const { account, end, appPassword } = Object(payload) as Partial<Record<string, unknown>>
  return {
    ...(typeof account === 'string' ? { account } : {}),
    ...(end === 'password' || end === 'app-password' || end === 'all' ? { end } : {}),
    ...(typeof appPassword === 'string' ? { appPassword } : {}),
  }
}
