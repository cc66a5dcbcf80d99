import type { ImapExtension, ImapSession } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { contextsOf } from '../context/contexts.ts'

/**
 * No message numbers but UIDs, once the client asks for that (RFC 9586): FETCH responses become UIDFETCH, EXPUNGE becomes
 * VANISHED, and commands that take or answer message numbers are refused: UIDREQUIRED.
 */
export const uidOnly: ImapExtension = {
  name: 'uidonly',
  capabilities: afterLogin(['UIDONLY']),
  enables: { UIDONLY: enable },
}

function enable(session: ImapSession): void {
  const { enabled, selected } = session
  enabled.add('UIDONLY')
  if (selected !== undefined) contextsOf(selected).endNumbered(session)
}
