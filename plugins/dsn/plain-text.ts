// Controls, lone surrogates, line separators, the mark of octets that were not UTF-8, and what changes the direction of
// the text around it.
const unfit = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd\s]+/gu
const nonAscii = /[^\x20-\x7e]/gu

/**
 * Text from elsewhere as one line that cannot end a line, a field or a part: at most `limit` characters, what is unfit
 * replaced by spaces. Linear in `limit`.
 */
export function plainText(text: string, limit: number): string {
  const line = text.slice(0, limit).replaceAll(unfit, ' ').trim()
  return text.length > limit ? `${line}...` : line
}

/** A line of text where only ASCII may stand. */
export function asciiText(line: string): string {
  return line.replaceAll(nonAscii, '?')
}

export function isAsciiText(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text)
}
