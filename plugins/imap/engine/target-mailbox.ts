import { errorCode, hasAllRights, type Transfer } from 'mailwright'
import type { ImapResult, ImapSelected, ImapSession } from 'mailwright/imap'
import { otherUsersLevel, sharedLevel } from 'mailwright/rights'
import { noteOwnChange } from './own-changes.ts'
import { no, Refusal } from './result.ts'
import { showing } from './showing.ts'

/** Whether a mailbox is the account's own, as far as its name tells. */
export function isOwnMailbox(name: string): boolean {
  return ![otherUsersLevel, sharedLevel].some((level) => name.startsWith(`${level}/`))
}

/** Whether two mailboxes are one owner's, and count for one quota. */
export function haveOneOwner(one: string, other: string): boolean {
  return ownerOf(one) === ownerOf(other)
}

/** Other accounts stand on the second level. */
function ownerOf(name: string): string {
  if (isOwnMailbox(name)) return ''
  return name.split('/', name.startsWith(`${otherUsersLevel}/`) ? 2 : 1).join('/')
}

/** What a client is told where a mailbox does not exist that it wants to put messages into; undefined for other errors. */
export function refusalOfTarget(error: unknown): ImapResult | undefined {
  // RFC 9051 §6.3.12, §6.4.7.
  return errorCode(error) === 'MAIL_E_NOT_FOUND' ? no('There is no such mailbox', 'TRYCREATE') : undefined
}

/**
 * Puts messages into a mailbox: that there is none is said as clients expect it. Where they come from `source`, that may be
 * what is not there.
 */
export async function intoTarget<T>(put: () => Promise<T>, source?: ImapSelected): Promise<T> {
  try {
    return await put()
  } catch (error) {
    const refused = refusalOfTarget(error)
    if (refused === undefined) throw error
    await source?.requireThere()
    throw new Refusal(refused)
  }
}

/** UIDs are not told of a mailbox that the account may fill but not open (RFC 9051 §6.3.12, RFC 4315 §3). */
export async function mayTellUids(session: ImapSession, mailbox: string): Promise<boolean> {
  if (!session.server.store.supports.rights || isOwnMailbox(mailbox)) return true
  const rights = await showing(session, () => session.mail.myRights(mailbox))
  return rights !== undefined && hasAllRights(rights, 'r')
}

/** Shows what the client has put into a mailbox, where it has selected it; NOTIFY does not tell it. UIDs ascend. */
export async function showArrival(
  session: ImapSession,
  mailbox: string,
  uids: readonly number[],
): Promise<void> {
  const { selected } = session
  await noteOwnChange(session, { stored: { mailbox, uids } })
  if (selected?.name === mailbox) await showing(session, () => selected.requireThere())
}

/** UIDs that copied or moved messages have got. */
export function arrivedUids({ uids }: Transfer): readonly number[] {
  return uids.map(([, uid]) => uid)
}
