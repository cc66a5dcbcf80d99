import { canonicalFlags, changedFlags, type FlagChange, MailwrightError, systemFlag } from 'mailwright'
import { maildirFlags, maildirLetters, sortedMaildirLetters } from 'mailwright/formats'

/** Flags as a Maildir keeps them: letters in the file's name, keywords in the index. */
export interface KeptFlags {
  readonly letters: string
  readonly keywords: readonly string[]
}

/** Flags taken apart. MAIL_E_INVALID for what is neither flag nor keyword. */
export function keptFlags(flags: readonly string[]): KeptFlags {
  const canonical = required(canonicalFlags(flags), flags)
  return {
    letters: maildirLetters(canonical),
    keywords: canonical.filter((flag) => systemFlag(flag) === undefined),
  }
}

/** What a change makes of flags; letters that stand for none of our flags are never lost. */
export function changeKept({ letters, keywords }: KeptFlags, change: FlagChange): KeptFlags {
  const before = [...maildirFlags(letters), ...keywords]
  const named = 'add' in change ? change.add : 'remove' in change ? change.remove : change.set
  const after = keptFlags(required(changedFlags(before, change), named))
  const foreign = [...letters].filter((letter) => maildirFlags(letter).length === 0)
  return { letters: sortedMaildirLetters([...foreign, ...after.letters]), keywords: after.keywords }
}

function required(flags: readonly string[] | undefined, of: readonly string[]): readonly string[] {
  if (flags !== undefined) return flags
  throw new MailwrightError('MAIL_E_INVALID', `not flags or keywords: ${JSON.stringify(of).slice(0, 300)}`)
}
