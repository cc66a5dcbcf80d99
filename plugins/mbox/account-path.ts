import { type Account, caseless } from 'mailwright'
import { safeName } from 'mailwright/disk'

// Characters that stay of a name that is too long for a file. With another number the mail under such names is not found again.
const keptOfLong = 100

/** What a template may hold. */
export const placeholders: readonly string[] = ['{domain}', '{user}', '{id}']

/** A path for an account, such as `example.org/ann/inbox`. The parts of its address are put into lower case. */
export function accountPath(template: string, { address, id }: Pick<Account, 'address' | 'id'>): string {
  const folded = (part: string): string => safeName(caseless(part), keptOfLong)
  return template
    .replaceAll('{domain}', () => folded(address.domain))
    .replaceAll('{user}', () => folded(address.localPart))
    .replaceAll('{id}', () => safeName(id, keptOfLong))
}
