import { MailwrightError } from 'mailwright'

const longestName = 1000
const control = /\p{Cc}/u

/** The canonical form of a mailbox name: INBOX in capitals, also as a parent. MAIL_E_INVALID for what is none. */
export function canonicalName(name: string): string {
  const levels = name.split('/')
  const fits = name.length <= longestName && name.isWellFormed() && !control.test(name)
  if (!fits || levels.includes('')) throw new MailwrightError('MAIL_E_INVALID', 'not a mailbox name')
  const [first = '', ...rest] = levels
  return [first.toUpperCase() === 'INBOX' ? 'INBOX' : first, ...rest].join('/')
}

/** The names above a mailbox, the highest first. */
export function parentsOf(name: string): readonly string[] {
  const levels = name.split('/')
  return levels.slice(1).map((_, index) => levels.slice(0, index + 1).join('/'))
}

/** Whether a mailbox is another or lies below it. */
export function isWithin(name: string, ancestor: string): boolean {
  return name === ancestor || name.startsWith(`${ancestor}/`)
}

/** INBOX first, the others sorted. */
export function sortedNames(names: Iterable<string>): readonly string[] {
  return [...names].sort((a, b) => (a === 'INBOX' ? -1 : b === 'INBOX' ? 1 : a < b ? -1 : 1))
}
