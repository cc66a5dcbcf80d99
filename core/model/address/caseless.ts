/**
 * What texts are compared by where case does not tell them apart: lower case in normal form C. Lower case may leave marks
 * that a further composition takes up, so the form is made again behind it.
 */
export function caseless(text: string): string {
  return text.normalize('NFC').toLowerCase().normalize('NFC')
}
