import { errorCode } from 'mailwright'
import type { ImapListDecoration, ImapListedMailbox, ImapSession } from 'mailwright/imap'

type Response = NonNullable<ImapListDecoration['after']>

/**
 * A response about mailboxes that exist and are what is asked for, not only above it (RFC 8440 §4, RFC 9590 §4). Where the
 * store refuses or fails there is none: the others are told of all the same, and LIST is answered OK (RFC 5819 §2,
 * RFC 8440 §3, RFC 9590 §3).
 */
export function whereKnown(
  respond: (listed: ImapListedMailbox, session: ImapSession) => Promise<string | undefined>,
): Response {
  return async (listed, session) => {
    if (listed.info === undefined || !listed.isSelected) return undefined
    try {
      return await respond(listed, session)
    } catch (error) {
      if (errorCode(error) === undefined) throw error
      return undefined
    }
  }
}
