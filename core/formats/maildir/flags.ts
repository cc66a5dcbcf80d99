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

/** The letter of messages that were passed on. It stands for no system flag; for IMAP they are `$Forwarded`. */
export const maildirPassedLetter = 'P'

/** The system flags that the letters of a file name stand for, sorted. Other letters stand for none. */
export function maildirFlags(letters: string): readonly string[] {
  return [...flagOfLetter.keys()]
    .filter((letter) => letters.includes(letter))
    .map((letter) => flagOfLetter.get(letter) ?? '')
    .sort()
}

/** The letters of system flags, sorted; keywords have none here. The flags are spelled as RFC 9051 does. */
export function maildirLetters(flags: readonly string[]): string {
  return sortedMaildirLetters(flags.map((flag) => letterOfFlag.get(flag) ?? ''))
}

/** Letters in the order of ASCII, each once, as the Maildir convention wants. */
export function sortedMaildirLetters(letters: Iterable<string>): string {
  return [...new Set(letters)].sort().join('')
}
