import type { ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { threadCommand } from './command.ts'

/** THREAD (RFC 5256); REFS is of the draft draft-ietf-morg-inthread. */
export const thread: ImapExtension = {
  name: 'thread',
  capabilities: afterLogin(['THREAD=ORDEREDSUBJECT', 'THREAD=REFERENCES', 'THREAD=REFS']),
  commands: { THREAD: threadCommand, 'UID THREAD': threadCommand },
}
