import { createHash } from 'node:crypto'

// NAME_MAX; what is longer is cut and made unique by a digest.
const longestName = 255
const plain = /^[a-z0-9_+=@~.-]$/

/**
 * Any text as a file name: every octet that could mean something else as `%xx`, capitals and a leading dot included.
 * Different texts get different names, also where the file system does not tell capitals apart; `%` alone stands for
 * an empty one. Of a name that is too long so many characters are kept: who changes that number does not find files again.
 */
export function safeName(text: string, keptOfLong: number): string {
  let name = ''
  for (const character of text)
    name +=
      plain.test(character) && !(name === '' && character === '.') ? character : percentOctets(character)
  if (name.length <= longestName) return name === '' ? '%' : name
  return `${name.slice(0, keptOfLong)}%~${createHash('sha256').update(name).digest('hex').slice(0, 40)}`
}

/** `%xx` for each octet of a text. */
export function percentOctets(text: string): string {
  return [...Buffer.from(text)].map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join('')
}
