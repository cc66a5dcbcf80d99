import type { ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'

/** Notices while a command takes long (RFC 9585); they are given by `Progress`. */
export const inProgress: ImapExtension = {
  name: 'inprogress',
  capabilities: afterLogin(['INPROGRESS']),
}
