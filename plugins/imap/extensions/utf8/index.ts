import type { ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'

/**
 * UTF-8 in strings and names of mailboxes, once the client asks for it (RFC 6855 §3). Messages with UTF-8 in their headers
 * come by APPEND's UTF8.
 */
export const utf8Accept: ImapExtension = {
  name: 'utf8',
  capabilities: afterLogin(['UTF8=ACCEPT']),
  enables: { 'UTF8=ACCEPT': ({ enabled }) => void enabled.add('UTF8=ACCEPT') },
}
