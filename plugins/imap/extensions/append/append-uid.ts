import type { Appended } from 'mailwright'
import type { ImapSession } from 'mailwright/imap'
import { mayTellUids } from '../../engine/target-mailbox.ts'
import { numberSet } from '../../format/strings.ts'

/** The response code that tells what UIDs messages got (RFC 9051 §7.1); undefined where the client may not know. */
export async function appendUid(
  session: ImapSession,
  mailbox: string,
  { uidValidity, uids }: Appended,
): Promise<string | undefined> {
  if (!(await mayTellUids(session, mailbox))) return undefined
  return `APPENDUID ${uidValidity} ${numberSet(uids)}`
}
