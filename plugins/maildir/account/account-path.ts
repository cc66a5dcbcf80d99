import { createHash } from 'node:crypto'
import type { Account } from 'mailwright'

// NAME_MAX; what is longer is cut and made unique by a digest.
const longestPart = 255
const keptOfLong = 150
const plain = /^[a-z0-9_+=@~.-]$/

/** What a template may hold. */
export const placeholders: readonly string[] = ['{domain}', '{user}', '{id}', '{hash}']

/** How many levels of directories `{hash}` can make. */
export const mostHashes = 4

type Addressed = Pick<Account, 'address' | 'id'>

/** The account's Maildir below the root, such as `example.org/ann/Maildir`. */
export function accountPath(template: string, account: Addressed): string {
  const { address, id } = account
  const digits = createHash('sha256').update(hashedText(template, account)).digest('hex')
  let next = 0
  return template
    .replaceAll('{hash}', () => digits.slice(2 * next, 2 * ++next))
    .replaceAll('{domain}', () => pathPart(address.domain))
    .replaceAll('{user}', () => pathPart(address.localPart))
    .replaceAll('{id}', () => safeName(id))
}

/**
 * What accounts are spread over directories by: what the template tells them apart by, so that those with the same name
 * in it have the same hash. `printf %s ann@example.org | sha256sum` makes it too.
 */
function hashedText(template: string, { address, id }: Addressed): string {
  if (template.includes('{id}')) return id
  const user = folded(address.localPart)
  return template.includes('{domain}') ? `${user}@${folded(address.domain)}` : user
}

/** A part of an address as a file name, in lower case: addresses that reach the same account have the same one. */
export function pathPart(part: string): string {
  return safeName(folded(part))
}

function folded(part: string): string {
  return part.normalize('NFC').toLowerCase().normalize('NFC')
}

/**
 * Any text as a file name: every octet that could mean something else as `%xx`, capitals and a leading dot included.
 * Different texts get different names, also where the file system does not tell capitals apart; `%` alone stands for
 * an empty one.
 */
function safeName(text: string): string {
  let name = ''
  for (const character of text)
    name += plain.test(character) && !(name === '' && character === '.') ? character : percent(character)
  if (name.length <= longestPart) return name === '' ? '%' : name
  return `${name.slice(0, keptOfLong)}%~${createHash('sha256').update(name).digest('hex').slice(0, 40)}`
}

function percent(character: string): string {
  return [...Buffer.from(character)].map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join('')
}
