import type { ImapExtension, ImapState } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { list } from './list.ts'
import { lsub } from './lsub.ts'

const states: readonly ImapState[] = ['authenticated', 'selected']

/**
 * LIST with all its options (RFC 9051 §6.3.9, RFC 5258), LSUB (RFC 3501 §6.3.9). By XLIST Gmail told what mailboxes are for before RFC 6154;
 * it is answered by LIST responses and is no capability, as Dovecot has it.
 */
export const listMailboxes: ImapExtension = {
  name: 'list',
  capabilities: afterLogin(['LIST-EXTENDED']),
  commands: { LIST: { states, run: list }, LSUB: { states, run: lsub }, XLIST: { states, run: list } },
  listSelections: {
    // There are no mailboxes of other servers that would have to be added (RFC 5258 §3.1).
    REMOTE: () => undefined,
  },
  listReturns: {
    SUBSCRIBED: () => ({
      decorate({ subscribed, attributes }) {
        if (subscribed) attributes.add('\\Subscribed')
      },
    }),
  },
}
