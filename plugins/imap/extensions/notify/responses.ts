import type { MailboxStatus } from 'mailwright'
import type {
  ImapCall,
  ImapListDecoration,
  ImapListedMailbox,
  ImapOutput,
  ImapSession,
} from 'mailwright/imap'
import { listResponse } from '../list/list.ts'

/** What LIST tells of a mailbox that a client is told of. */
const listReturns = ['CHILDREN', 'SPECIAL-USE', 'SUBSCRIBED']

/** What makes the attributes of mailboxes, for {@link tellMailbox}. */
export function listDecorations({ args, session }: ImapCall): readonly ImapListDecoration[] {
  return listReturns.flatMap((name) => session.server.vocabulary.listReturns.get(name)?.(args, session) ?? [])
}

/** Writes a LIST response (RFC 5465 §5.4, §5.5). `oldName` is what the mailbox was called before. */
export async function tellMailbox(
  session: ImapSession,
  decorations: readonly ImapListDecoration[],
  listed: ImapListedMailbox,
  oldName?: string,
): Promise<void> {
  const { out } = session
  const { attributes, extended, hasChildren, info } = listed
  if (info === undefined) attributes.add('\\NonExistent')
  for (const { decorate } of decorations) await decorate?.(listed, session)
  // What does not exist is only said to have children where it has (RFC 5258 §4).
  if (info === undefined && !hasChildren) attributes.delete('\\HasNoChildren')
  if (oldName !== undefined) extended.push(`"OLDNAME" (${out.mailbox(oldName)})`)
  out.untagged(listResponse(out, listed))
}

/** A mailbox that the client may see and not look into (RFC 5465 §3.1). */
export function tellNoAccess(out: ImapOutput, name: string): void {
  out.untagged(listResponse(out, { name, attributes: new Set(['\\NoAccess']), extended: [] }))
}

/**
 * A STATUS response with all that any event about messages asks for (RFC 5465 §3.1, §5.1 to §5.3); the mod-sequence where
 * the client knows of them.
 */
export function tellStatus({ out }: ImapSession, status: MailboxStatus, withModSequence: boolean): void {
  const { name, messages, uidNext, uidValidity, unseen, highestModSequence } = status
  const items = [
    `MESSAGES ${messages}`,
    `UIDNEXT ${uidNext}`,
    `UIDVALIDITY ${uidValidity}`,
    `UNSEEN ${unseen}`,
  ]
  if (withModSequence) items.push(`HIGHESTMODSEQ ${highestModSequence}`)
  out.untagged(`STATUS ${out.mailbox(name)} (${items.join(' ')})`)
}

/** Which annotations have changed, without their values (RFC 5464 §4.4.2). An empty mailbox is the server. */
export function tellMetadata(out: ImapOutput, mailbox: string, entries: readonly string[]): void {
  if (entries.length === 0) return
  out.untagged(`METADATA ${out.mailbox(mailbox)} ${entries.map((entry) => out.astring(entry)).join(' ')}`)
}
