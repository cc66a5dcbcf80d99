import type { ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { objectId } from '../../format/object-id.ts'
import { objectIdKeys } from './search-keys.ts'

/** Names of mailboxes and messages that stay when these are renamed or moved (RFC 8474). */
export const objectIds: ImapExtension = {
  name: 'objectid',
  capabilities: afterLogin(['OBJECTID']),
  fetchItems: {
    EMAILID: () => ({ text: ({ entry }) => `EMAILID (${objectId('email', entry.id)})` }),
    // RFC 8474 §5.2: no store knows of threads.
    THREADID: () => ({ text: () => 'THREADID NIL' }),
  },
  searchKeys: objectIdKeys,
  statusItems: { MAILBOXID: ({ id }) => `(${objectId('mailbox', id)})` },
  opened({ out }, { mailbox }) {
    out.untagged(`OK [MAILBOXID (${objectId('mailbox', mailbox.id)})] Mailbox`)
  },
}
