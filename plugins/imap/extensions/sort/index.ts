import type { ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { sortCommand } from './command.ts'

/** SORT (RFC 5256), by display names too (RFC 5957), with the return options of SEARCH (RFC 5267). */
export const sort: ImapExtension = {
  name: 'sort',
  capabilities: afterLogin(['SORT', 'SORT=DISPLAY', 'ESORT', 'CONTEXT=SORT']),
  commands: { SORT: sortCommand, 'UID SORT': sortCommand },
}
