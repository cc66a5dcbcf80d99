import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Address, MailwrightError } from 'mailwright'
import {
  type AccountRecord,
  hashForCramMd5,
  hashForScramSync,
  type LoginRecord,
  type ScramPolicy,
  type ScramRecord,
  type StoredAppPassword,
  scramSettingsOf,
} from 'mailwright/accounts'
import { longestSecret } from './options.ts'

// RFC 7677 §4 asks for no fewer.
const iterations = 4096

/**
 * Keeps passwords as keyed digests under a key of this process, and as keys for SCRAM and CRAM-MD5 beside them: they never leave it,
 * so that a slow hash, made for stolen tables, would only cost time.
 */
export class AccountSecrets {
  readonly #key = randomBytes(32)
  readonly policy: ScramPolicy = { saltKey: randomBytes(32), iterations }

  readonly #cramMd5: boolean

  constructor(cramMd5: boolean) {
    this.#cramMd5 = cramMd5
  }

  /** A new password of an account, of which `before` is kept. MAIL_E_INVALID for one that cannot be used. */
  keep(password: string, address: Address, before?: AccountRecord): string {
    if (password === '' || Buffer.byteLength(password) > longestSecret) {
      throw new MailwrightError('MAIL_E_INVALID', `a password has 1 to ${longestSecret} octets`)
    }
    const digest = this.#digest(password).toString('hex')
    const others = [this.scramKeys(password, address, before), this.#cramMd5 ? hashForCramMd5(password) : '']
    return [digest, ...others].join(' ')
  }

  /** The keys of a secret of the same account. */
  scramKeys(secret: string, address: Address, before?: AccountRecord): string {
    const others = before && scramRecordOf(before)
    return hashForScramSync(secret, scramSettingsOf(this.policy, address, others))
  }

  /** Whether a secret is the one that was kept; takes its time also where none was. */
  matches(secret: string, kept: string | undefined): boolean {
    const [digest = ''] = kept?.split(' ') ?? []
    const same = timingSafeEqual(this.#digest(secret), Buffer.from(digest.padEnd(64, '0'), 'hex'))
    return same && kept !== undefined
  }

  #digest(secret: string): Buffer {
    return createHmac('sha256', this.#key).update(secret).digest()
  }
}

/** A record as SCRAM needs it. */
export function scramRecordOf({
  account,
  password,
  appPasswords,
}: AccountRecord): ScramRecord<StoredAppPassword> {
  const [, scramKeys] = password?.split(' ') ?? []
  return { account, scramKeys, appPasswords }
}

/** A record as CRAM-MD5 needs it. */
export function cramMd5RecordOf({
  account,
  password,
  appPasswords,
}: AccountRecord): LoginRecord<StoredAppPassword> {
  const [, , key] = password?.split(' ') ?? []
  return { account, password: key, appPasswords }
}
