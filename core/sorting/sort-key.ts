import { hash } from 'node:crypto'
import { octetText } from '../facts/octet-text.ts'
import { unicodeCasemap } from './unicode-casemap.ts'

// Nobody sees more of a subject or a name. It bounds what texts take in memory, and the time of `unicodeCasemap`.
const longest = 255

/**
 * The text by which a text is put in order (i;unicode-casemap, RFC 5051): octet texts, compared as they are. Beyond 255
 * characters it only says whether two texts are the same.
 */
export function sortKey(text: string): string {
  if (text.length <= longest) return octetText(unicodeCasemap(text))
  const rest = hash('sha256', text.slice(longest), 'base64')
  return octetText(unicodeCasemap(text.slice(0, longest))) + rest
}
