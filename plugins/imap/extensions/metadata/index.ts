import type { ImapExtension, ImapState } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { getMetadata } from './get.ts'
import { setMetadata } from './set.ts'

const states: readonly ImapState[] = ['authenticated', 'selected']

/** Annotations of mailboxes, and private ones of the server (RFC 5464). */
export const metadata: ImapExtension = {
  name: 'metadata',
  capabilities: afterLogin(['METADATA'], 'metadata'),
  commands: {
    GETMETADATA: { states, run: getMetadata },
    SETMETADATA: { states, run: setMetadata },
  },
}
