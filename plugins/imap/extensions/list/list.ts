import { Pacer } from 'mailwright'
import type { ImapCall, ImapListedMailbox, ImapOutput, ImapResult, ImapSession } from 'mailwright/imap'
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
  if (command.decorations.some(({ after }) => after !== undefined)) await tellAtOnce(session, command, chosen)
  else await tellLines(session, command, chosen)
  return ok('Listed')
}

/** Lines with nothing behind them. */
async function tellLines(
  session: ImapSession,
  command: ListCommand,
  chosen: readonly ImapListedMailbox[],
): Promise<void> {
  const { out } = session
  const pacer = new Pacer()
  for (const listed of chosen) {
    await decorate(session, command, listed)
    out.untagged(listResponse(out, listed))
    if (out.isFull) await out.ready()
    if (pacer.isDue) await pacer.rest()
  }
}

/** Lines with the responses that follow them, of several mailboxes at the same time. */
async function tellAtOnce(
  session: ImapSession,
  command: ListCommand,
  chosen: readonly ImapListedMailbox[],
): Promise<void> {
  const describe = async (listed: ImapListedMailbox): Promise<readonly (string | undefined)[]> => {
    await decorate(session, command, listed)
    const following = await Promise.all(command.decorations.map(({ after }) => after?.(listed, session)))
    return [listResponse(session.out, listed), ...following]
  }
  for await (const responses of inOrder(chosen, atOnce, describe)) {
    for (const response of responses) if (response !== undefined) session.out.untagged(response)
    await session.out.ready()
  }
}

/** Adds what the line says of a mailbox beside its name. */
async function decorate(
  session: ImapSession,
  { decorations, isExtended }: ListCommand,
  listed: ImapListedMailbox,
): Promise<void> {
  const { attributes, hasChildren, info } = listed
  if (info === undefined) {
    // RFC 9051 §7.3.1 has the one beside the other; clients of RFC 3501 know of the other only.
    const isKnown = isExtended || session.enabled.has('IMAP4REV2')
    attributes.add(isKnown ? '\\NonExistent' : '\\Noselect')
    // RFC 5258 §3.5
    if (hasChildren) attributes.add('\\HasChildren')
  }
  if (!session.server.store.supports.mailboxes) attributes.add('\\Noinferiors')
  for (const { decorate } of decorations) {
    const decorated = decorate?.(listed, session)
    // Most have nothing to wait for, and a wait for nothing costs more than they do.
    if (decorated !== undefined) await decorated
  }
}

/** A LIST response without `* ` and line end (RFC 9051 §7.3.1). */
export function listResponse(
  out: ImapOutput,
  { name, attributes, extended }: Pick<ImapListedMailbox, 'name' | 'attributes' | 'extended'>,
): string {
  const line = `LIST (${[...attributes].join(' ')}) "/" ${out.mailbox(name)}`
  return extended.length === 0 ? line : `${line} (${extended.join(' ')})`
}
