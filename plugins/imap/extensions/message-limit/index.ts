import type { UidRange } from 'mailwright'
import type { ImapExtension, ImapSearchKey } from 'mailwright/imap'

const lastUid = 4_294_967_295

/**
 * A key with a UID, or with `$`, which RFC 9738 §3.2 has it made for: then it is about what is beyond all messages of the
 * result that was saved, and finds nothing where that is empty.
 */
function uidKey(beyond: (range: UidRange) => readonly UidRange[]): ImapSearchKey {
  return ({ args }) => {
    args.space()
    if (args.takes('$'))
      return (scope) => {
        const saved = scope.ranges('$', true)
        const [first, last] = [saved[0]?.first, saved.at(-1)?.last]
        const isEmpty = first === undefined || last === undefined
        return { kind: 'uids', ranges: isEmpty ? [] : beyond({ first, last }) }
      }
    const uid = args.number(1)
    return () => ({ kind: 'uids', ranges: beyond({ first: uid, last: uid }) })
  }
}

/** What one command may work on, where the config sets a limit; and searches for UIDs above and below one (RFC 9738). */
export const messageLimit: ImapExtension = {
  name: 'message-limit',
  capabilities({ state, server }) {
    const { messagesPerCommand, messagesPerSave } = server.limits
    if (state === 'not authenticated') return []
    if (messagesPerCommand > 0) return [`MESSAGELIMIT=${messagesPerCommand}`]
    return messagesPerSave > 0 ? [`SAVELIMIT=${messagesPerSave}`] : []
  },
  searchKeys: {
    UIDAFTER: uidKey(({ last }) => (last === lastUid ? [] : [{ first: last + 1, last: lastUid }])),
    UIDBEFORE: uidKey(({ first }) => (first === 1 ? [] : [{ first: 1, last: first - 1 }])),
  },
}
