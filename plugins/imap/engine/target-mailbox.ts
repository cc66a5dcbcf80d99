import {
  errorCode,
  hasAllRights,
  type ImapResult,
  type ImapSession,
  otherUsersLevel,
  sharedLevel,
  type Transfer,
} from 'mailwright'
import { noteOwnChange } from './own-changes.ts'
import { no, Refusal } from './result.ts'

/** Whether a mailbox is the account's own, as far as its name tells. */
export function isOwnMailbox(name: string): boolean {
  return ![otherUsersLevel, sharedLevel].some((level) => name.startsWith(`${level}/`))
}

/** What a client is told where a mailbox does not exist that it wants to put messages into; undefined for other errors. */
export function refusalOfTarget(error: unknown): ImapResult | undefined {
  // RFC 9051 §6.3.12, §6.4.7.
  return errorCode(error) === 'MAIL_E_NOT_FOUND' ? no('There is no such mailbox', 'TRYCREATE') : undefined
}

/** Puts messages into a mailbox: that there is none is said as clients expect it. */
export async function intoTarget<T>(put: () => Promise<T>): Promise<T> {
  try {
    return await put()
  } catch (error) {
    const refused = refusalOfTarget(error)
    throw refused === undefined ? error : new Refusal(refused)
  }
}

/** UIDs are not told of a mailbox that the account may fill but not open (RFC 9051 §6.3.12, RFC 4315 §3). */
export async function mayTellUids({ server, mail }: ImapSession, mailbox: string): Promise<boolean> {
  if (!server.store.supports.rights || isOwnMailbox(mailbox)) return true
  return hasAllRights(await mail.myRights(mailbox), 'r')
}

/** Shows what the client has put into a mailbox, where it has selected it; NOTIFY does not tell it. UIDs ascend. */
export async function showArrival(
  session: ImapSession,
  mailbox: string,
  uids: readonly number[],
): Promise<void> {
  const { selected } = session
  await noteOwnChange(session, { stored: { mailbox, uids } })
  if (selected?.name === mailbox) await selected.mailbox.refresh()
}

/** UIDs that copied or moved messages have got. */
export function arrivedUids({ uids }: Transfer): readonly number[] {
  return uids.map(([, uid]) => uid)
}
