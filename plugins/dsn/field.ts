import { encodedWords } from 'mailwright'

// RFC 5322 §2.1.1: 78 characters of a line are easily read, 998 octets are allowed.
const wantedLine = 76
const longestWord = 900

/** A field whose body is on one line: what is made to be read by programs that know of no folds. */
export function unfoldedField(name: string, body: string): string {
  return Buffer.byteLength(body) <= longestWord ? `${name}: ${body}\r\n` : field(name, body)
}

/** A field, folded at spaces (RFC 5322 §2.2.3); within a word only where it is too long for any line. The body is one line. */
export function field(name: string, body: string): string {
  const lines: string[] = []
  let line = `${name}:`
  for (const word of body.split(' ').flatMap(pieces)) {
    const fits = line.length + 1 + word.length <= wantedLine || line === `${name}:`
    if (fits) {
      line += ` ${word}`
      continue
    }
    lines.push(line)
    line = ` ${word}`
  }
  return `${[...lines, line].join('\r\n')}\r\n`
}

/** A word in pieces that fit into a line; no character is cut in two. */
function pieces(word: string): readonly string[] {
  if (Buffer.byteLength(word) <= longestWord) return word === '' ? [] : [word]
  return word.match(/.{1,220}/gsu) ?? []
}

/** Unstructured text, or a display name (RFC 5322 §3.2.5), as a field can hold it in ASCII (RFC 2047). */
export function headerText(line: string): string {
  if (/^[\x20-\x7e]*$/.test(line) && !line.includes('=?')) return line
  return encodedWords(line).join(' ')
}

/** A display name as it stands before an address. */
export function displayName(name: string): string {
  const text = headerText(name)
  return text !== name || /^[\w !#$%&'*+\-/=?^`{|}~]*$/.test(name)
    ? text
    : `"${name.replaceAll(/["\\]/g, '\\$&')}"`
}
