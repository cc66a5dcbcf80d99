import type { ImapSession, ImapStatusItem, ImapWords, MailboxStatus } from 'mailwright'

/**
 * Items of STATUS: those of RFC 9051 §6.3.11, and RECENT (RFC 3501 §6.3.10), which no message has here and IMAP4rev2 has no
 * more (RFC 9051 Appendix E).
 */
export const statusItems: ImapWords<ImapStatusItem> = {
  MESSAGES: ({ messages }) => String(messages),
  RECENT: (_, { enabled }) => (enabled.has('IMAP4REV2') ? undefined : '0'),
  UIDNEXT: ({ uidNext }) => String(uidNext),
  UIDVALIDITY: ({ uidValidity }) => String(uidValidity),
  UNSEEN: ({ unseen }) => String(unseen),
  DELETED: ({ deleted }) => String(deleted),
  // RFC 8438
  SIZE: ({ size }) => String(size),
  HIGHESTMODSEQ: highestModSequence,
}

/** Whoever asks for it is told of mod-sequences from now on (RFC 7162 §3.1). */
function highestModSequence({ highestModSequence }: MailboxStatus, session: ImapSession): string {
  const { enabled, server } = session
  if (!enabled.has('CONDSTORE')) server.vocabulary.enables.get('CONDSTORE')?.(session)
  return String(highestModSequence)
}
