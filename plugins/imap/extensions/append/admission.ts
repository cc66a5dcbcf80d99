import { hasAllRights } from 'mailwright'
import type { ImapArguments, ImapLiteralRule, ImapResult, ImapSession } from 'mailwright/imap'
import { no } from '../../engine/result.ts'
import { isOwnMailbox, refusalOfTarget } from '../../engine/target-mailbox.ts'

/** Where a message is to go, as far as a command was read. */
export interface AdmissionTarget {
  readonly mailbox: string
  /** Octets that the quota gets back. */
  readonly freed: number
}

// One command may bring so many times the largest message.
const largestCommand = 16
// Each takes some memory until all are read.
const mostLiterals = 10_000

/** Octets that fit into the quota, for the command that is being read. */
const rooms = new WeakMap<ImapSession, number>()

/**
 * What is asked before the first large literal of a command that stores messages: is there such a mailbox, may the account
 * put messages there, would they fit; so that nothing is sent in vain. What is not known yet is seen when they are stored.
 */
export function admissionOf(
  readTarget: (args: ImapArguments, session: ImapSession) => AdmissionTarget | ImapResult,
): ImapLiteralRule {
  return {
    async admit(args, { size, before }, session) {
      const { messageSize } = session.server.limits
      if (size > messageSize) return no('The message is too large', 'TOOBIG')
      if (before.octets + size > messageSize * largestCommand)
        return no('The messages are too large', 'TOOBIG')
      if (before.literals >= mostLiterals) return no('Too many messages at once', 'LIMIT')
      if (before.literals === 0) {
        const target = readTarget(args, session)
        const refused = 'status' in target ? target : await askFor(target, session)
        if (refused !== undefined) return refused
      }
      const room = rooms.get(session) ?? Number.POSITIVE_INFINITY
      return before.octets + size > room ? no('The quota would be exceeded', 'OVERQUOTA') : undefined
    },
  }
}

async function askFor(
  { mailbox, freed }: AdmissionTarget,
  session: ImapSession,
): Promise<ImapResult | undefined> {
  const { mail, account } = session
  await session.access(mailbox, 'write')
  const refused = await refusalToStore(session, mailbox)
  if (refused !== undefined) return refused
  const { quotaBytes } = account
  const isCounted = quotaBytes !== undefined && isOwnMailbox(mailbox)
  rooms.set(session, isCounted ? quotaBytes - (await mail.usage()).bytes + freed : Number.POSITIVE_INFINITY)
  return undefined
}

/** Why nothing can be put into a mailbox; undefined where it can. */
export async function refusalToStore(
  { mail }: ImapSession,
  mailbox: string,
): Promise<ImapResult | undefined> {
  try {
    if (hasAllRights(await mail.myRights(mailbox), 'i')) return undefined
    return no('You have no right to do that', 'NOPERM')
  } catch (error) {
    const refused = refusalOfTarget(error)
    if (refused === undefined) throw error
    return refused
  }
}
