import { MailwrightError } from '../../errors.ts'
import { inbox } from '../../model/mailbox.ts'
import { decodeModifiedUtf7, encodeModifiedUtf7 } from './modified-utf7.ts'

// NAME_MAX of every file system that holds Maildirs.
const longestDirectoryName = 255
const control = /[\p{Cc}\p{Cs}\u2028\u2029]/u

/**
 * The one spelling of the name of a mailbox in Maildir++: INBOX in any case is INBOX (RFC 9051 §5.1), also as the first
 * level of others. MAIL_E_INVALID for names that no mailbox can have.
 */
export function canonicalMaildirMailbox(name: string): string {
  const levels = name.split('/')
  const [first = ''] = levels
  if (first.toUpperCase() === inbox) levels[0] = inbox
  if (levels.some((level) => level === '')) throw invalid(name, 'has an empty level')
  if (control.test(name) || !name.isWellFormed()) throw invalid(name, 'holds a control character')
  if (Buffer.byteLength(maildirDirectoryOf(levels.join('/'))) > longestDirectoryName)
    throw invalid(name, 'is too long')
  return levels.join('/')
}

/**
 * The directory of a mailbox other than INBOX: `Work/A.B` is `.Work.A&AC4-B`. A dot within a level would start a new
 * level, so it goes into base64 with what is not ASCII (RFC 3501 §5.1.3).
 */
export function maildirDirectoryOf(name: string): string {
  return `.${name.split('/').map(encodeMaildirLevel).join('.')}`
}

/** One level of a mailbox's name in the name of its directory. */
export function encodeMaildirLevel(level: string): string {
  return encodeModifiedUtf7(level, '.')
}

/**
 * The directory where another program that does not know modified UTF-7 may have put the same name. Undefined where
 * the name needs no encoding.
 */
export function plainMaildirDirectoryOf(name: string): string | undefined {
  const plain = `.${name.replaceAll('/', '.')}`
  return plain === maildirDirectoryOf(name) || decodedName(plain) !== undefined ? undefined : plain
}

/**
 * The name of the mailbox in a directory of the Maildir; undefined where it is none. Names that are not modified UTF-7
 * are shown as they stand, so that nobody's mail is hidden.
 */
export function mailboxOfMaildirDirectory(directory: string): string | undefined {
  if (!directory.startsWith('.') || directory.includes('\ufffd')) return undefined
  const name = decodedName(directory) ?? directory.slice(1).replaceAll('.', '/')
  try {
    return canonicalMaildirMailbox(name) === name && name !== inbox ? name : undefined
  } catch {
    return undefined
  }
}

function decodedName(directory: string): string | undefined {
  const levels = directory.slice(1).split('.').map(decodeModifiedUtf7)
  const name = levels.join('/')
  return levels.includes(undefined) || maildirDirectoryOf(name) !== directory ? undefined : name
}

function invalid(name: string, why: string): MailwrightError {
  return new MailwrightError(
    'MAIL_E_INVALID',
    `the mailbox name ${JSON.stringify(name.slice(0, 100))} ${why}`,
  )
}
