import type { ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'

/** Tells which mailboxes have others below them (RFC 3348, RFC 5258 §4). */
export const children: ImapExtension = {
  name: 'children',
  capabilities: afterLogin(['CHILDREN']),
  listReturns: {
    CHILDREN: () => ({
      decorate({ hasChildren, attributes }) {
        attributes.add(hasChildren ? '\\HasChildren' : '\\HasNoChildren')
      },
    }),
  },
}
