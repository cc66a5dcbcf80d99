import type { Address } from 'mailwright'
import {
  type AccountRecord,
  hashPassword,
  makeScramKeys,
  readSaltKey,
  type ScramOptions,
  type ScramPolicy,
  type ScramRecord,
  type StoredAppPassword,
} from 'mailwright/accounts'

/**
 * How new passwords are kept: as argon2id, or, where keys for SCRAM are wanted, as those. Both beside each other would
 * have to be changed together by whoever edits the file, or an old password would go on to open the account.
 */
export class FilePasswords {
  readonly #saltFile: string
  readonly #options: ScramOptions | undefined
  #saltKey: Buffer | undefined

  constructor(saltFile: string, options: ScramOptions | undefined) {
    this.#saltFile = saltFile
    this.#options = options
  }

  /** A new password of an account, of which `before` is kept. MAIL_E_INVALID. */
  async hash(password: string, address: Address, before?: AccountRecord): Promise<string> {
    return (await this.scramKeys(password, address, before)) ?? hashPassword(password)
  }

  /** Keys of a secret of the same account; undefined where none are wanted. */
  async scramKeys(secret: string, address: Address, before?: AccountRecord): Promise<string | undefined> {
    const policy = await this.policy()
    return policy && makeScramKeys(policy, secret, address, before && scramRecordOf(before))
  }

  /** Undefined where no keys are wanted. */
  async policy(): Promise<ScramPolicy | undefined> {
    if (this.#options === undefined) return undefined
    this.#saltKey ??= await readSaltKey(this.#saltFile)
    return { saltKey: this.#saltKey, iterations: this.#options.iterations }
  }
}

/** A record as SCRAM needs it: its hash may be keys, whoever has made them. */
export function scramRecordOf(record: AccountRecord): ScramRecord<StoredAppPassword> {
  return { account: record.account, scramKeys: record.password, appPasswords: record.appPasswords }
}
