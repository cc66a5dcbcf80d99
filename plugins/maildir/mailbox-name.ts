import { MailwrightError } from 'mailwright'
import { decodeModifiedUtf7, encodeModifiedUtf7 } from './modified-utf7.ts'

export const inbox = 'INBOX'

// NAME_MAX of every file system that holds Maildirs.
const longestDirectoryName = 255
const control = /[\p{Cc}\p{Cs}\u2028\u2029]/u

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
  if (Buffer.byteLength(directoryOf(levels.join('/'))) > longestDirectoryName)
    throw invalid(name, 'is too long')
  return levels.join('/')
}

/**
 * The directory of a mailbox other than INBOX: `Work/A.B` is `.Work.A&AC4-B`. A dot within a level would start a new
 * level, so it goes into base64 with what is not ASCII (RFC 3501 §5.1.3).
 */
export function directoryOf(name: string): string {
  return `.${name
    .split('/')
    .map((level) => encodeModifiedUtf7(level, '.'))
    .join('.')}`
}

/**
 * The directory where another program that does not know modified UTF-7 may have put the same name. Undefined where
 * the name needs no encoding.
 */
export function plainDirectoryOf(name: string): string | undefined {
  const plain = `.${name.replaceAll('/', '.')}`
  return plain === directoryOf(name) || decodedName(plain) !== undefined ? undefined : plain
}

/**
 * The name of the mailbox in a directory of the Maildir; undefined where it is none. Names that are not modified UTF-7
 * are shown as they stand, so that nobody's mail is hidden.
 */
export function mailboxOf(directory: string): string | undefined {
  if (!directory.startsWith('.') || directory.includes('\ufffd')) return undefined
  const name = decodedName(directory) ?? directory.slice(1).replaceAll('.', '/')
  try {
    return canonicalMailboxName(name) === name && name !== inbox ? name : undefined
  } catch {
    return undefined
  }
}

function decodedName(directory: string): string | undefined {
  const levels = directory.slice(1).split('.').map(decodeModifiedUtf7)
  const name = levels.join('/')
  return levels.includes(undefined) || directoryOf(name) !== directory ? undefined : name
}

function invalid(name: string, why: string): MailwrightError {
  return new MailwrightError(
    'MAIL_E_INVALID',
    `the mailbox name ${JSON.stringify(name.slice(0, 100))} ${why}`,
  )
}
