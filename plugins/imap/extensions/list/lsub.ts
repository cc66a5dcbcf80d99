import type { ImapCall, ImapResult, ImapSession } from 'mailwright/imap'
import { ok } from '../../engine/result.ts'
import { compareMailboxNames, mailboxNames, noteLevelsAbove } from './mailbox-names.ts'
import { MailboxPatterns } from './pattern.ts'

/** LSUB (RFC 3501 §6.3.9): subscriptions. */
export async function lsub({ args, session }: ImapCall): Promise<ImapResult> {
  args.space()
  const reference = args.mailbox()
  args.space()
  const pattern = args.mailboxPattern()
  args.end()
  const { out } = session
  const found = await subscriptions(session, new MailboxPatterns(reference, [pattern]))
  for (const name of [...found.keys()].sort(compareMailboxNames)) {
    out.untagged(`LSUB (${found.get(name)}) "/" ${out.mailbox(name)}`)
    await out.ready()
  }
  return ok('Listed')
}

/**
 * Names with their attributes. A level with subscriptions below it that `%` does not reach is told of by `\Noselect`,
 * which means here that it is not one of them.
 */
async function subscriptions(
  session: ImapSession,
  patterns: MailboxPatterns,
): Promise<ReadonlyMap<string, string>> {
  const { subscribed } = await mailboxNames(session)
  const names = new Map<string, string>()
  const aboveUnseen = new Set<string>()
  for (const name of subscribed) {
    await session.out.ready()
    if (patterns.matches(name)) names.set(name, '')
    else noteLevelsAbove(name, aboveUnseen)
  }
  for (const level of aboveUnseen) {
    await session.out.ready()
    if (!subscribed.has(level) && patterns.matchesLevel(level)) names.set(level, '\\Noselect')
  }
  return names
}
