import { canonicalFlags, changedFlags, type FlagChange, MailwrightError, systemFlag } from 'mailwright'

/** The letters of file names and the flags they stand for. `P` (passed) and whatever else occurs is left as it is. */
const flagOfLetter: ReadonlyMap<string, string> = new Map([
  ['D', '\\Draft'],
  ['F', '\\Flagged'],
  ['R', '\\Answered'],
  ['S', '\\Seen'],
  ['T', '\\Deleted'],
])
const letterOfFlag: ReadonlyMap<string, string> = new Map(
  [...flagOfLetter].map(([letter, flag]) => [flag, letter]),
)

/** Flags as a Maildir keeps them: letters in the file's name, keywords in the index. */
export interface KeptFlags {
  readonly letters: string
  readonly keywords: readonly string[]
}

/** The flags of a file name's letters, sorted. */
export function flagsOf(letters: string): readonly string[] {
  return [...flagOfLetter.keys()]
    .filter((letter) => letters.includes(letter))
    .map((letter) => flagOfLetter.get(letter) ?? '')
    .sort()
}

/** Flags taken apart. MAIL_E_INVALID for what is neither flag nor keyword. */
export function keptFlags(flags: readonly string[]): KeptFlags {
  const canonical = required(canonicalFlags(flags), flags)
  return {
    letters: sorted(canonical.map((flag) => letterOfFlag.get(flag) ?? '')),
    keywords: canonical.filter((flag) => systemFlag(flag) === undefined),
  }
}

/** What a change makes of flags; letters that stand for none of our flags are never lost. */
export function changeKept({ letters, keywords }: KeptFlags, change: FlagChange): KeptFlags {
  const before = [...flagsOf(letters), ...keywords]
  const named = 'add' in change ? change.add : 'remove' in change ? change.remove : change.set
  const after = keptFlags(required(changedFlags(before, change), named))
  const foreign = [...letters].filter((letter) => !flagOfLetter.has(letter))
  return { letters: sorted([...foreign, ...after.letters]), keywords: after.keywords }
}

function required(flags: readonly string[] | undefined, of: readonly string[]): readonly string[] {
  if (flags !== undefined) return flags
  throw new MailwrightError('MAIL_E_INVALID', `not flags or keywords: ${JSON.stringify(of).slice(0, 300)}`)
}

/** In the order of ASCII, each once, as the Maildir convention wants. */
function sorted(letters: readonly string[]): string {
  return [...new Set(letters)].sort().join('')
}
