import type { ImapCall, ImapListedMailbox, ImapOutput, ImapResult, ImapSession } from 'mailwright'
import { ok } from '../../engine/result.ts'
import { chooseMailboxes } from './choose.ts'
import { inOrder } from './in-order.ts'
import { mailboxNames } from './mailbox-names.ts'
import { type ListCommand, readListCommand } from './request.ts'

/** Mailboxes that are looked at at the same time. */
const atOnce = 16

/** LIST (RFC 9051 §6.3.9). */
export async function list(call: ImapCall): Promise<ImapResult> {
  const { session } = call
  const command = readListCommand(call)
  if (command.asksForDelimiter) {
    session.out.untagged('LIST (\\Noselect) "/" ""')
    return ok('Listed')
  }
  const chosen = await chooseMailboxes(command, await mailboxNames(session))
  for await (const responses of inOrder(chosen, atOnce, (listed) => describe(session, command, listed))) {
    for (const response of responses) session.out.untagged(response)
    await session.out.ready()
  }
  return ok('Listed')
}

/** The line about a mailbox, and the responses that follow it. */
async function describe(
  session: ImapSession,
  { decorations, isExtended }: ListCommand,
  listed: ImapListedMailbox,
): Promise<readonly string[]> {
  const { attributes, hasChildren, info } = listed
  if (info === undefined) {
    // RFC 9051 §7.3.1 has the one beside the other; clients of RFC 3501 know of the other only.
    const isKnown = isExtended || session.enabled.has('IMAP4REV2')
    attributes.add(isKnown ? '\\NonExistent' : '\\Noselect')
    // RFC 5258 §3.5
    if (hasChildren) attributes.add('\\HasChildren')
  }
  if (!session.server.store.supports.mailboxes) attributes.add('\\Noinferiors')
  for (const { decorate } of decorations) await decorate?.(listed, session)
  const following = await Promise.all(decorations.map(({ after }) => after?.(listed, session)))
  return [listResponse(session.out, listed), ...following.filter((response) => response !== undefined)]
}

/** A LIST response without `* ` and line end (RFC 9051 §7.3.1). */
export function listResponse(
  out: ImapOutput,
  { name, attributes, extended }: Pick<ImapListedMailbox, 'name' | 'attributes' | 'extended'>,
): string {
  const line = `LIST (${[...attributes].join(' ')}) "/" ${out.mailbox(name)}`
  return extended.length === 0 ? line : `${line} (${extended.join(' ')})`
}
