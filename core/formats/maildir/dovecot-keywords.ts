import { MailwrightError } from '../../errors.ts'
import { isKeyword } from '../../model/flags.ts'
import { endedLines } from './lines.ts'

/** The file in a mailbox that says what Dovecot's letters mean. */
export const dovecotKeywordsFile = 'dovecot-keywords'

/** The letters in file names that stand for keywords, in the order of their numbers. */
export const dovecotKeywordLetters = 'abcdefghijklmnopqrstuvwxyz'

/**
 * Reads what the letters in the mailbox's file names mean: `<number> <keyword>` a line, 0 for `a`. Each line stands for
 * itself, so one that is wrong is passed over, as Dovecot does; so is a last one without LF, whose name may be cut off.
 * A letter without a line means something that nobody knows any more.
 */
export function parseDovecotKeywords(octets: Buffer): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const line of endedLines(octets)) {
    const [, number = '', name = ''] = /^(\d{1,2}) (.*)$/.exec(line ?? '') ?? []
    const letter = number === '' ? undefined : dovecotKeywordLetters[Number(number)]
    if (letter !== undefined && isKeyword(name)) names.set(letter, name)
  }
  return names
}

/**
 * Writes it, so that Dovecot and we mean the same by a letter: the first name is `a`; an empty one leaves its letter
 * free. The file may only be replaced whole. MAIL_E_INVALID for more than 26 names, and for what is no keyword.
 */
export function formatDovecotKeywords(names: readonly string[]): Buffer {
  if (names.length > dovecotKeywordLetters.length)
    throw new MailwrightError(
      'MAIL_E_INVALID',
      `${names.length} keywords: a Maildir holds ${dovecotKeywordLetters.length}`,
    )
  const lines = names.map((name, number) => {
    if (name === '') return ''
    if (!isKeyword(name))
      throw new MailwrightError('MAIL_E_INVALID', `not a keyword: ${JSON.stringify(name)}`)
    return `${number} ${name}\n`
  })
  return Buffer.from(lines.join(''), 'latin1')
}
