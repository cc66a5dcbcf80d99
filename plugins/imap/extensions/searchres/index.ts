import type { ImapExtension, ImapSearchAnswer, ImapSearchReturn } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'

const saved: ImapSearchAnswer = {
  part: () => '',
  silent: true,
  answered: ({ selected }, told) => {
    if (selected !== undefined) selected.saved = told
  },
  // RFC 5182 §2.1: a search that is answered NO leaves nothing.
  refused: ({ selected }) => {
    if (selected !== undefined) selected.saved = []
  },
}

const save: ImapSearchReturn = (args, { selectedOnly }) => {
  // RFC 7377 §2.2
  if (!selectedOnly) args.fail('SAVE is for the selected mailbox alone')
  return saved
}

/** `$` for what the last search found (RFC 5182). The selected mailbox forgets what is expunged. */
export const searchResult: ImapExtension = {
  name: 'searchres',
  capabilities: afterLogin(['SEARCHRES']),
  searchReturns: { SAVE: save },
}
