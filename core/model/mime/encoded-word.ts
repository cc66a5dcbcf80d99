import { decodeText, hasByteOrderMark } from './charset.ts'

// RFC 2047 §2, with the language of RFC 2231 §5. Every part is bounded or ends at the next question mark, so that no
// text makes the search go over the same characters twice. Spaces in the encoded text are against the rule, but common.
const encodedWord = /=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bBqQ])\?([^?\r\n]*)\?=/g
// A megabyte of words, each in another charset, would hold up everybody else.
const mostWords = 5_000
const lineBreaker = /[\r\n\0]/g
const nonBlank = /[^ \t\r\n]/

interface Run {
  readonly charset: string
  readonly octets: Buffer[]
}

/**
 * Replaces the encoded words (RFC 2047) in a field body by what they say. White space between two of them goes; words
 * next to each other in one charset are decoded together, so that a character split between them is whole again, but
 * where one has a byte order mark of its own (§5). What is not well-formed stays as it is, and so do words beyond the
 * first 5,000. The answer never holds CR, LF or NUL, whatever was encoded.
 */
export function decodeEncodedWords(text: string): string {
  if (!text.includes('=?')) return text
  let decoded = ''
  let last = 0
  let run: Run | undefined
  let words = 0
  for (const match of text.matchAll(encodedWord)) {
    words += 1
    if (words > mostWords) break
    const between = text.slice(last, match.index)
    const charset = (match[1] ?? '').toLowerCase()
    const octets = decodeWord(match[2] ?? '', match[3] ?? '')
    last = match.index + match[0].length
    const joins = run !== undefined && !nonBlank.test(between)
    if (joins && run?.charset === charset && !hasByteOrderMark(octets, charset)) {
      run.octets.push(octets)
      continue
    }
    decoded += endRun(run) + (joins ? '' : between)
    run = { charset, octets: [octets] }
  }
  return (decoded + endRun(run) + text.slice(last)).replace(lineBreaker, ' ')
}

function endRun(run: Run | undefined): string {
  return run === undefined ? '' : decodeText(Buffer.concat(run.octets), run.charset)
}

function decodeWord(encoding: string, text: string): Buffer {
  if (encoding === 'b' || encoding === 'B') return Buffer.from(text, 'base64')
  const octets = text
    .replaceAll('_', ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return hasWide(octets) ? Buffer.from(text, 'utf8') : Buffer.from(octets, 'latin1')
}

// A raw character beyond Latin-1 inside an encoded word can only have been written as UTF-8.
function hasWide(text: string): boolean {
  return /[^\x00-\xff]/.test(text)
}

// RFC 2047 §2: a word has 75 characters at most, 12 of them around its text.
const longestText = 45

/**
 * A text as encoded words in UTF-8 (RFC 2047), each of up to so many octets of it (45 at most, fewer where a line has room for less).
 * No character is cut in two (§5). White space between them is not shown.
 */
export function encodedWords(text: string, octets: number = longestText): readonly string[] {
  const words: string[] = []
  let word = ''
  let length = 0
  for (const character of text) {
    const more = Buffer.byteLength(character)
    if (length + more > octets) {
      words.push(word)
      word = ''
      length = 0
    }
    word += character
    length += more
  }
  return [...words, word].map((each) => `=?utf-8?B?${Buffer.from(each).toString('base64')}?=`)
}
