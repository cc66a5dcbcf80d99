import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { MailwrightError } from 'mailwright'
import { longestSecret } from './options.ts'

/**
 * Keeps passwords as keyed digests under a key of this process: they never leave it, so that a slow hash, made for
 * stolen tables, would only cost time.
 */
export class AccountSecrets {
  readonly #key = randomBytes(32)

  /** MAIL_E_INVALID for an empty or overlong password. */
  keep(password: string): string {
    if (password === '' || Buffer.byteLength(password) > longestSecret) {
      throw new MailwrightError('MAIL_E_INVALID', `a password has 1 to ${longestSecret} octets`)
    }
    return this.#digest(password).toString('hex')
  }

  /** Whether a secret is the one that was kept; takes its time also where none was. */
  matches(secret: string, kept: string | undefined): boolean {
    const same = timingSafeEqual(this.#digest(secret), Buffer.from(kept ?? '0'.repeat(64), 'hex'))
    return same && kept !== undefined
  }

  #digest(secret: string): Buffer {
    return createHmac('sha256', this.#key).update(secret).digest()
  }
}
