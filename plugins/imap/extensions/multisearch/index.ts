import type { ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { esearchCommand } from './command.ts'

/** Searches of several mailboxes (RFC 7377). */
export const multisearch: ImapExtension = {
  name: 'multisearch',
  capabilities: afterLogin(['MULTISEARCH']),
  commands: { ESEARCH: esearchCommand },
}
