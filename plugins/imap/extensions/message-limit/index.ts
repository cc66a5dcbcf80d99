import type { ImapExtension, ImapSearchKey, UidRange } from 'mailwright'

const lastUid = 4_294_967_295

function uidKey(rangesOf: (uid: number) => readonly UidRange[]): ImapSearchKey {
  return ({ args }) => {
    args.space()
    const uid = args.number(1)
    return () => ({ kind: 'uids', ranges: rangesOf(uid) })
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
    UIDAFTER: uidKey((uid) => (uid === lastUid ? [] : [{ first: uid + 1, last: lastUid }])),
    UIDBEFORE: uidKey((uid) => (uid === 1 ? [] : [{ first: 1, last: uid - 1 }])),
  },
}
