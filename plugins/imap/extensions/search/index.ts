import type { ImapExtension } from 'mailwright/imap'
import { combiningKeys } from './combining-keys.ts'
import { searchCommand } from './command.ts'
import { dateKeys, savedDateKeys } from './date-keys.ts'
import { flagKeys } from './flag-keys.ts'
import { modSequenceKeys } from './mod-sequence-key.ts'
import { sizeKeys } from './size-keys.ts'
import { textKeys } from './text-keys.ts'
import { uidKeys } from './uid-keys.ts'

/** SEARCH and its keys (RFC 9051 §6.4.4, RFC 3501 §6.4.4), those of RFC 7162 and RFC 8514 included. */
export const search: ImapExtension = {
  name: 'search',
  commands: { SEARCH: searchCommand, 'UID SEARCH': searchCommand },
  searchKeys: {
    ...combiningKeys,
    ...dateKeys,
    ...flagKeys,
    ...modSequenceKeys,
    ...savedDateKeys,
    ...sizeKeys,
    ...textKeys,
    ...uidKeys,
  },
}
