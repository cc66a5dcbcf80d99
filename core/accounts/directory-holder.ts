import type { Clock } from '../clock.ts'
import type { Address } from '../model/address/address.ts'
import type { AccountsAbilities, AuditEntry } from '../services/accounts.ts'
import type { AccountRecord, AccountsDirectory } from './directory.ts'

/** Who holds a directory: in memory, in a file. */
export interface DirectoryHolder {
  readonly supports: AccountsAbilities
  readonly clock: Pick<Clock, 'now'>
  /** The directory as it is now. */
  read(): Promise<AccountsDirectory>
  /** Changes the directory. Where the edit throws, or the promise rejects, nothing has changed. */
  change<T>(edit: (directory: AccountsDirectory) => T): Promise<T>
  /**
   * A new password as it is kept, for the account at an address; `before` is that account, where it is there.
   * MAIL_E_INVALID for one that is empty or too long.
   */
  hash(password: string, address: Address, before?: AccountRecord): Promise<string>
  /** The same for the keys of a new app password; undefined where none are kept. */
  scramKeys?(secret: string, address: Address, before?: AccountRecord): Promise<string | undefined>
  /** Whether secrets of new app passwords are kept for CRAM-MD5. No where absent. */
  readonly cramMd5?: boolean
  /** The audit trail in the order of time; absent where there is none. */
  readonly trail?: AuditEntry[]
}
