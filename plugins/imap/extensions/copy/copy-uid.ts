import type { Transfer } from 'mailwright'
import type { ImapSession } from 'mailwright/imap'
import { mayTellUids } from '../../engine/target-mailbox.ts'
import { numberSet } from '../../format/strings.ts'

/** The response code that tells where messages went (RFC 9051 §7.1); undefined where none did, or the client may not know. */
export async function copyUid(
  session: ImapSession,
  target: string,
  { uidValidity, uids }: Transfer,
): Promise<string | undefined> {
  if (uids.length === 0 || !(await mayTellUids(session, target))) return undefined
  const [from, to] = [uids.map(([uid]) => uid), uids.map(([, uid]) => uid)]
  return `COPYUID ${uidValidity} ${numberSet(from)} ${numberSet(to)}`
}
