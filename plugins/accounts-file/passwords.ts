import type { Address } from 'mailwright'
import {
  type AccountRecord,
  hashForCramMd5,
  hashPassword,
  makeScramKeys,
  readSaltKey,
  type ScramPolicy,
  type ScramRecord,
  type StoredAppPassword,
} from 'mailwright/accounts'
import type { AccountsFileOptions } from './options.ts'

type FilePasswordsOptions = Pick<AccountsFileOptions, 'scram' | 'cramMd5'>

/**
 * How new passwords are kept: as argon2id, or, where SCRAM or CRAM-MD5 needs something else, as that. Both beside each other would
 * have to be changed together by whoever edits the file, or an old password would go on to open the account.
 */
export class FilePasswords {
  readonly #saltFile: string
  readonly #options: FilePasswordsOptions
  #saltKey: Buffer | undefined

  constructor(saltFile: string, options: FilePasswordsOptions) {
    this.#saltFile = saltFile
    this.#options = options
  }

  /** A new password of an account, of which `before` is kept. MAIL_E_INVALID. */
  async hash(password: string, address: Address, before?: AccountRecord): Promise<string> {
    if (this.cramMd5) return hashForCramMd5(password)
    return (await this.scramKeys(password, address, before)) ?? hashPassword(password)
  }

  /** Whether new secrets are kept for CRAM-MD5. */
  get cramMd5(): boolean {
    return this.#options.cramMd5 !== undefined
  }

  /** Keys of a secret of the same account; undefined where none are wanted. */
  async scramKeys(secret: string, address: Address, before?: AccountRecord): Promise<string | undefined> {
    const policy = await this.policy()
    return policy && makeScramKeys(policy, secret, address, before && scramRecordOf(before))
  }

  /** Undefined where no keys are wanted. */
  async policy(): Promise<ScramPolicy | undefined> {
    const { scram } = this.#options
    if (scram === undefined) return undefined
    this.#saltKey ??= await readSaltKey(this.#saltFile)
    return { saltKey: this.#saltKey, iterations: scram.iterations }
  }
}

/** A record as SCRAM needs it: its hash may be keys, whoever has made them. */
export function scramRecordOf(record: AccountRecord): ScramRecord<StoredAppPassword> {
  return { account: record.account, scramKeys: record.password, appPasswords: record.appPasswords }
}
