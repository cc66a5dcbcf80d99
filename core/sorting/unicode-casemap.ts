const ascii = /^[\x00-\x7f]*$/

// Where the simple titlecase mapping of Unicode is not the upper case that JavaScript knows, which is the full mapping:
// the digraphs, and Greek letters with an iota below.
const titles: ReadonlyMap<string, string> = new Map([
  ...sameTitle('Ǆǅǆ', 'ǅ'),
  ...sameTitle('Ǉǈǉ', 'ǈ'),
  ...sameTitle('Ǌǋǌ', 'ǋ'),
  ...sameTitle('Ǳǲǳ', 'ǲ'),
  ...[0x1f80, 0x1f90, 0x1fa0].flatMap((first) =>
    Array.from({ length: 16 }, (_, index): [string, string] => [
      String.fromCharCode(first + index),
      String.fromCharCode(first + (index % 8) + 8),
    ]),
  ),
  ...sameTitle('ᾳᾼ', 'ᾼ'),
  ...sameTitle('ῃῌ', 'ῌ'),
  ...sameTitle('ῳῼ', 'ῼ'),
])
// The small letters of Georgian have capitals, but no titlecase.
const georgian = /[\u10d0-\u10fa\u10fd-\u10ff]/

/**
 * Brings a text into the form in which i;unicode-casemap (RFC 5051 §2) compares it: each character in titlecase, then
 * decomposed. What it answers is compared by its octets in UTF-8. Takes a time that may grow with the square of the
 * length: cut what may be long.
 */
export function unicodeCasemap(text: string): string {
  if (ascii.test(text)) return text.toUpperCase()
  let title = ''
  for (const character of text) title += titleOf(character)
  return title.normalize('NFKD')
}

function titleOf(character: string): string {
  const known = titles.get(character)
  if (known !== undefined) return known
  if (georgian.test(character)) return character
  const upper = character.toUpperCase()
  // What becomes several characters has no simple mapping.
  return upper.length <= character.length ? upper : character
}

function sameTitle(letters: string, title: string): readonly [string, string][] {
  return [...letters].map((letter) => [letter, title])
}
