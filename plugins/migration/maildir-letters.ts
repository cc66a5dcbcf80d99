import {
  dovecotKeywordLetters,
  maildirFlags,
  maildirLetters,
  maildirPassedLetter,
  sortedMaildirLetters,
} from 'mailwright/formats'

const forwarded = '$Forwarded'

/** The flags that the letters of a file name stand for, with `P` as `$Forwarded`, and keywords by their letters. */
export function flagsOfLetters(
  letters: string,
  keywordOfLetter: ReadonlyMap<string, string>,
): readonly string[] {
  return [
    ...maildirFlags(letters),
    ...(letters.includes(maildirPassedLetter) ? [forwarded] : []),
    ...[...new Set(letters)].flatMap((letter) => keywordOfLetter.get(letter) ?? []),
  ]
}

/**
 * The letters of flags. Keywords get theirs by their place in the list, `$Forwarded` its own one as well, which Dovecot
 * does not know; those that are not among the first 26 have none and are left out.
 */
export function lettersOfFlags(flags: readonly string[], keywords: readonly string[]): string {
  const places = flags.map((flag) => keywords.indexOf(flag))
  return sortedMaildirLetters([
    ...maildirLetters(flags),
    ...(flags.some((flag) => flag.toLowerCase() === forwarded.toLowerCase()) ? maildirPassedLetter : ''),
    ...places.map((place) => dovecotKeywordLetters[place] ?? ''),
  ])
}
