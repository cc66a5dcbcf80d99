import { decodeEncodedWords, encodedWords } from 'mailwright'

// RFC 2047 §2: a word has at most 75 characters, so with `=?utf-8?B?` and `?=` these octets fit, and a field's name and
// a space before them, into the 76 of a line.
const octetsAWord = 36

/**
 * A text as encoded words (RFC 2047), each on a line of its own but the first; as it is where it is ASCII. Words that
 * are encoded already are encoded anew: within others they would be taken for text.
 */
export function encodeWords(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  const shown = decodeEncodedWords(text)
  return shown === '' ? '' : encodedWords(shown, octetsAWord).join('\r\n ')
}
