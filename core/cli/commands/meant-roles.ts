import { MailwrightError } from '../../errors.ts'
import { sessionRoles } from '../../model/session-role.ts'
import { didYouMean } from '../../suggest.ts'

/**
 * MAIL_E_INVALID for a word that could be a plugin's own role, where nobody listens in it and it is nearly one of the framework's:
 * it would keep nobody from anything.
 */
export function requireMeantRoles(names: readonly string[], listenedIn: ReadonlySet<string>): void {
  for (const name of names) {
    const hint = name.includes('-') && !listenedIn.has(name) ? didYouMean(name, sessionRoles) : undefined
    if (hint !== undefined)
      throw new MailwrightError('MAIL_E_INVALID', `nobody listens in the role "${name}"; ${hint}`)
  }
}
