import type { ImapExtension } from 'mailwright/imap'
import { list } from '../list/list.ts'

/**
 * XLIST, by which Gmail told what mailboxes are for before RFC 6154: another word for LIST, which tells that unasked. It is answered by LIST
 * responses and is no capability, as Dovecot has it.
 */
export const xList: ImapExtension = {
  name: 'xlist',
  commands: { XLIST: { states: ['authenticated', 'selected'], run: list } },
}
