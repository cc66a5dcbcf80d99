import type { ImapSelected, ImapSession } from 'mailwright'

/**
 * The mailbox's mod-sequence after messages were removed from it (RFC 7162 §3.2.7, RFC 6851 §4.4); what others did
 * meanwhile is told with the same command. Undefined where the store has none.
 */
export async function highestCode(
  { server }: ImapSession,
  { mailbox }: ImapSelected,
): Promise<string | undefined> {
  if (!server.store.supports.modSequences) return undefined
  // Only then is it complete.
  await mailbox.refresh()
  return `HIGHESTMODSEQ ${mailbox.highestModSequence}`
}
