import { MailwrightError } from '../errors.ts'

/** The error for a criterion that cannot be applied. */
export function invalidCriterion(problem: string): MailwrightError {
  return new MailwrightError('MAIL_E_INVALID', `not a search criterion: ${problem}`)
}
