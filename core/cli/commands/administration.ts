import { errorCode, MailwrightError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { type AccountsAdministration, accounts } from '../../services/accounts.ts'
import { type CliContext, withHost } from '../context.ts'

/** Runs something with the administration of the config's accounts. */
export function withAdministration<T>(
  context: CliContext,
  run: (administration: AccountsAdministration, host: Host) => Promise<T>,
): Promise<T> {
  return withHost(context, async (host) => {
    const { administration, supports } = host.service(accounts)
    if (administration === undefined) {
      throw new MailwrightError(
        'MAIL_E_UNSUPPORTED',
        'the accounts of this config cannot be changed from here',
      )
    }
    if (!supports.persistent) {
      throw new MailwrightError(
        'MAIL_E_UNSUPPORTED',
        'the accounts of this config live in the memory of the server; a command cannot change them',
      )
    }
    return run(administration, host)
  })
}

/** What can be said of an idempotent change: `--if-missing`, `--if-exists`. */
export async function unless(
  code: 'MAIL_E_EXISTS' | 'MAIL_E_NOT_FOUND',
  tolerated: boolean,
  change: () => Promise<void>,
): Promise<boolean> {
  try {
    await change()
    return true
  } catch (error) {
    if (tolerated && errorCode(error) === code) return false
    throw error
  }
}
