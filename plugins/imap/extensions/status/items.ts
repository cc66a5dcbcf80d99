import type { MailboxStatus } from 'mailwright'
import type { ImapSession, ImapStatusItem, ImapWords } from 'mailwright/imap'

/** Items of STATUS: those of RFC 9051 §6.3.11, and RECENT (RFC 3501 §6.3.10). */
export const statusItems: ImapWords<ImapStatusItem> = {
  MESSAGES: ({ messages }) => String(messages),
  RECENT: recent,
  UIDNEXT: ({ uidNext }) => String(uidNext),
  UIDVALIDITY: ({ uidValidity }) => String(uidValidity),
  UNSEEN: ({ unseen }) => String(unseen),
  DELETED: ({ deleted }) => String(deleted),
  // RFC 8438
  SIZE: ({ size }) => String(size),
  HIGHESTMODSEQ: highestModSequence,
}

/** IMAP4rev2 has it no more (RFC 9051 Appendix E). Polled mailboxes mostly have none, and are not opened for it. */
async function recent(status: MailboxStatus, session: ImapSession): Promise<string | undefined> {
  const { enabled, selected, server, account, mail } = session
  if (enabled.has('IMAP4REV2')) return undefined
  const untold = await server.recent.count(account.id, status, () => mail.openMailbox(status.name))
  // A mailbox that is examined leaves its messages to be told of as recent once more.
  const isOpen = selected?.mailbox.id === status.id && !selected.isReadOnly
  return String(isOpen ? selected.recentCount + untold : untold)
}

/** Whoever asks for it is told of mod-sequences from now on (RFC 7162 §3.1). */
function highestModSequence({ id, highestModSequence }: MailboxStatus, session: ImapSession): string {
  const { enabled, selected, server } = session
  if (!enabled.has('CONDSTORE')) server.vocabulary.enables.get('CONDSTORE')?.(session)
  if (selected?.mailbox.id === id) selected.toldModSequences(highestModSequence)
  return String(highestModSequence)
}
