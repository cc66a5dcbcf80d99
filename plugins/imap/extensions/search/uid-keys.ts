import type { ImapSearchKey, ImapWords } from 'mailwright/imap'

const uid: ImapSearchKey = ({ args }) => {
  args.space()
  const set = args.sequenceSet()
  return (scope) => ({ kind: 'uids', ranges: scope.ranges(set, true) })
}

/** UID (RFC 9051 §6.4.4). */
export const uidKeys: ImapWords<ImapSearchKey> = { UID: uid }
