import { MailwrightError } from '../errors.ts'
import { saslprep } from '../sasl/saslprep.ts'

/**
 * MAIL_E_INVALID for a new secret with which most clients could not log in: mechanisms refuse what RFC 4013 prohibits
 * (RFC 4616 §2, RFC 5802 §2.2).
 */
export function checkCharacters(secret: string): void {
  if (saslprep(secret) !== undefined) return
  throw new MailwrightError(
    'MAIL_E_INVALID',
    'a password must not hold tabs, other control characters or what else RFC 4013 prohibits',
  )
}
