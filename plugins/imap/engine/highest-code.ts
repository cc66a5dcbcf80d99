import type { ImapSelected, ImapSession } from 'mailwright/imap'
import { showing } from './showing.ts'

/**
 * The mailbox's mod-sequence after messages were removed from it (RFC 7162 §3.2.7, RFC 6851 §4.4), as far as the client is
 * told of everything; what others did meanwhile is told here. Undefined where the client does not know of mod-sequences, or the
 * store cannot tell now.
 */
export async function highestCode(session: ImapSession, selected: ImapSelected): Promise<string | undefined> {
  if (!session.enabled.has('CONDSTORE')) return undefined
  return showing(session, async () => {
    await selected.update({ expunges: true, look: true })
    return `HIGHESTMODSEQ ${selected.settledModSequence}`
  })
}
