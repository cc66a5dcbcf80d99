import { MailwrightError } from 'mailwright'
import { percentOctets } from 'mailwright/disk'

export const inbox = 'INBOX'

/** What a mailbox's file is called where a directory has its name: the mailbox has children. */
export const besideSuffix = '.messages'

// NAME_MAX, less what is put around a name: `.messages.lock`, `.NAME.mailwright.pending`.
const longestLevel = 220
const longestName = 1000
const control = /[\p{Cc}\p{Cs}\u2028\u2029]/u
const reservedEnd = /\.(?:lock|messages)$/

/**
 * The one spelling of a mailbox's name: INBOX in any case is INBOX (RFC 9051 §5.1), also as the first level of others.
 * MAIL_E_INVALID for names that no mailbox can have.
 */
export function canonicalMailboxName(name: string): string {
  const levels = name.split('/')
  const [first = ''] = levels
  if (first.toUpperCase() === inbox) levels[0] = inbox
  if (levels.some((level) => level === '')) throw invalid(name, 'has an empty level')
  if (control.test(name) || !name.isWellFormed()) throw invalid(name, 'holds a control character')
  const tooLong = levels.some((level) => Buffer.byteLength(levelFile(level)) > longestLevel)
  if (tooLong || Buffer.byteLength(name) > longestName) throw invalid(name, 'is too long')
  return levels.join('/')
}

/**
 * The file name of one level: as it is, but for what would be hidden, lead elsewhere or be taken for something else.
 * That, and `%`, is written as `%xx`.
 */
export function levelFile(level: string): string {
  const name = level.replaceAll('%', percentOctets)
  const end = reservedEnd.exec(name)?.index
  const safe = end === undefined ? name : `${name.slice(0, end)}${percentOctets('.')}${name.slice(end + 1)}`
  return safe.startsWith('.') ? percentOctets('.') + safe.slice(1) : safe
}

/** The level that a file name stands for; undefined for files that are no mailboxes. */
export function levelOf(file: string): string | undefined {
  if (file.startsWith('.') || file.includes('\ufffd') || reservedEnd.test(file)) return undefined
  let level: string
  try {
    level = decodeURIComponent(file.replaceAll(/%(?![0-9a-f]{2})/g, '%25'))
  } catch {
    return undefined
  }
  // A name that nobody here would make has no way back to its file.
  return levelFile(level) === file ? level : undefined
}

/** The name of a file without what is behind it where a directory has that name. */
export function withoutSuffix(file: string): string {
  return file.endsWith(besideSuffix) ? file.slice(0, -besideSuffix.length) : file
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

function invalid(name: string, why: string): MailwrightError {
  return new MailwrightError(
    'MAIL_E_INVALID',
    `the mailbox name ${JSON.stringify(name.slice(0, 100))} ${why}`,
  )
}
