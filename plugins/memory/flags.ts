import { canonicalFlags, changedFlags, type FlagChange, MailwrightError } from 'mailwright'

/** Flags in their canonical form. MAIL_E_INVALID where one is neither flag nor keyword. */
export function requireFlags(flags: readonly string[]): readonly string[] {
  return canonicalFlags(flags) ?? refuse(flags)
}

/** What becomes of canonical flags by a change. MAIL_E_INVALID where it names what is neither flag nor keyword. */
export function flagsAfter(flags: readonly string[], change: FlagChange): readonly string[] {
  return changedFlags(flags, change) ?? refuse(Object.values(change).flat())
}

function refuse(flags: readonly string[]): never {
  throw new MailwrightError('MAIL_E_INVALID', `not flags and keywords: ${JSON.stringify(flags)}`)
}
