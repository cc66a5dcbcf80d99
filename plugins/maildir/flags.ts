import { type FlagChange, MailwrightError } from 'mailwright'

/** The letters of file names and the flags they stand for. `P` (passed) and whatever else occurs is left as it is. */
const flagOfLetter: ReadonlyMap<string, string> = new Map([
  ['D', '\\Draft'],
  ['F', '\\Flagged'],
  ['R', '\\Answered'],
  ['S', '\\Seen'],
  ['T', '\\Deleted'],
])
const letterOfFlag: ReadonlyMap<string, string> = new Map(
  [...flagOfLetter].map(([letter, flag]) => [flag.toLowerCase(), letter]),
)

/** The flags of a file name's letters, sorted. */
export function flagsOf(letters: string): readonly string[] {
  return [...flagOfLetter.keys()]
    .filter((letter) => letters.includes(letter))
    .map((letter) => flagOfLetter.get(letter) ?? '')
    .sort()
}

/** The letters of flags, sorted. Keywords have none here and are left out, as `supports.keywords` says. */
export function lettersOf(flags: readonly string[]): string {
  return sorted(flags.map((flag) => letterOfFlag.get(flag.toLowerCase()) ?? ''))
}

/** MAIL_E_UNSUPPORTED for a change that would set what a file name cannot hold. */
export function requireKnownFlags(change: FlagChange): void {
  const wanted = 'add' in change ? change.add : 'set' in change ? change.set : []
  const unknown = wanted.find((flag) => !letterOfFlag.has(flag.toLowerCase()))
  if (unknown !== undefined)
    throw new MailwrightError('MAIL_E_UNSUPPORTED', `a Maildir keeps no flag ${JSON.stringify(unknown)}`)
}

/** The letters after a change; letters that stand for none of our flags are never lost. */
export function changedLetters(letters: string, change: FlagChange): string {
  if ('add' in change) return sorted([...letters, ...lettersOf(change.add)])
  if ('remove' in change) {
    const removed = lettersOf(change.remove)
    return sorted([...letters].filter((letter) => !removed.includes(letter)))
  }
  return sorted([...[...letters].filter((letter) => !flagOfLetter.has(letter)), ...lettersOf(change.set)])
}

/** In the order of ASCII, each once, as the Maildir convention wants. */
function sorted(letters: readonly string[]): string {
  return [...new Set(letters)].sort().join('')
}
