import type { ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { dateTimeText } from '../../format/strings.ts'

/** When a message came into its mailbox (RFC 8514). Every store knows that; the keys of SEARCH are with the others. */
export const saveDate: ImapExtension = {
  name: 'savedate',
  capabilities: afterLogin(['SAVEDATE']),
  fetchItems: {
    SAVEDATE: () => ({ text: ({ entry }) => `SAVEDATE ${dateTimeText(entry.savedDate)}` }),
  },
}
