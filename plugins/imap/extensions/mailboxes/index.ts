import type { ImapExtension, ImapState } from 'mailwright/imap'
import { create } from './create.ts'
import { remove } from './delete.ts'
import { rename } from './rename.ts'
import { subscribing } from './subscribe.ts'

const states: readonly ImapState[] = ['authenticated', 'selected']

/** Making, deleting and renaming mailboxes, and subscriptions (RFC 9051 §6.3.4 to §6.3.8). */
export const mailboxes: ImapExtension = {
  name: 'mailboxes',
  commands: {
    CREATE: { states, run: create },
    DELETE: { states, run: remove },
    // Renaming INBOX takes its messages out of it.
    RENAME: { states, looks: true, run: rename },
    SUBSCRIBE: { states, run: subscribing(true) },
    UNSUBSCRIBE: { states, run: subscribing(false) },
  },
}
