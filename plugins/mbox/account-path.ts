import type { Account } from 'mailwright'
import { cut, percent } from './file-name.ts'

// NAME_MAX
const longestPart = 255
const plain = /^[a-z0-9_+=@~.-]$/

/** What a template may hold. */
export const placeholders: readonly string[] = ['{domain}', '{user}', '{id}']

/** A path for an account, such as `example.org/ann/inbox`. The parts of its address are put into lower case. */
export function accountPath(template: string, { address, id }: Pick<Account, 'address' | 'id'>): string {
  const folded = (part: string): string => safeName(part.normalize('NFC').toLowerCase().normalize('NFC'))
  return template
    .replaceAll('{domain}', () => folded(address.domain))
    .replaceAll('{user}', () => folded(address.localPart))
    .replaceAll('{id}', () => safeName(id))
}

/** Different texts as different file names, also where the file system does not tell capitals apart. */
function safeName(text: string): string {
  let name = ''
  for (const character of text)
    name += plain.test(character) && !(name === '' && character === '.') ? character : percent(character)
  return cut(name === '' ? '%' : name, longestPart)
}
