import type { ImapExtension, ImapState } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { followRights } from './changed-rights.ts'
import { getAcl } from './get-acl.ts'
import { listRights } from './list-rights.ts'
import { myRights } from './my-rights.ts'
import { deleteAcl, setAcl } from './set-acl.ts'

const states: readonly ImapState[] = ['authenticated', 'selected']

/** Who may do what with a mailbox (RFC 4314). */
export const acl: ImapExtension = {
  name: 'acl',
  // RFC 4314 §2.2: the rights that RFC 2086 does not know.
  capabilities: afterLogin(['ACL', 'RIGHTS=texk'], 'rights'),
  commands: {
    SETACL: { states, run: setAcl },
    DELETEACL: { states, run: deleteAcl },
    GETACL: { states, run: getAcl },
    LISTRIGHTS: { states, run: listRights },
    MYRIGHTS: { states, run: myRights },
  },
  opened: followRights,
}
