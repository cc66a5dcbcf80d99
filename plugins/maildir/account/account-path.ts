import { createHash } from 'node:crypto'
import { type Account, caseless } from 'mailwright'
import { safeName } from 'mailwright/disk'

// Characters that stay of a name that is too long for a file. With another number the mail under such names is not found again.
const keptOfLong = 150

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
    .replaceAll('{id}', () => safeName(id, keptOfLong))
}

/**
 * What accounts are spread over directories by: what the template tells them apart by, so that those with the same name
 * in it have the same hash. `printf %s ann@example.org | sha256sum` makes it too.
 */
function hashedText(template: string, { address, id }: Addressed): string {
  if (template.includes('{id}')) return id
  const user = caseless(address.localPart)
  return template.includes('{domain}') ? `${user}@${caseless(address.domain)}` : user
}

/** A part of an address as a file name, in lower case: addresses that reach the same account have the same one. */
export function pathPart(part: string): string {
  return safeName(caseless(part), keptOfLong)
}
