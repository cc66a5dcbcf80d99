import type { ImapSession } from 'mailwright/imap'
import { listResponse } from '../list/list.ts'

/**
 * Tells clients of RFC 9051 where the store calls a mailbox otherwise than they did: the old name is the one that the
 * command began with (RFC 9051 §6.3.9.7).
 */
export function tellRealName(
  { enabled, out }: ImapSession,
  oldName: string,
  { given, real }: { readonly given: string; readonly real: string },
): void {
  if (given === real || !enabled.has('IMAP4REV2')) return
  const extended = [`"OLDNAME" (${out.mailbox(oldName)})`]
  out.untagged(listResponse(out, { name: real, attributes: new Set(), extended }))
}
