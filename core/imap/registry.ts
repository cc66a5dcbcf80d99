import { MailwrightError } from '../errors.ts'
import type { ImapExtension, ImapExtensions } from './extension.ts'

/** The registry that the core provides. */
export function createImapExtensions(): ImapExtensions {
  const all: ImapExtension[] = []
  return {
    all,
    add(extension) {
      if (all.some(({ name }) => name === extension.name))
        throw new MailwrightError('MAIL_E_EXISTS', `there is an IMAP extension "${extension.name}" already`)
      all.push(extension)
    },
  }
}
