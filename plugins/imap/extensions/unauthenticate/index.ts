import { errorCode } from 'mailwright'
import type { ImapCommand, ImapExtension, ImapResult, ImapSession } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { ok } from '../../engine/result.ts'

const unauthenticate: ImapCommand = {
  states: ['authenticated', 'selected'],
  async run({ tag, args, session }) {
    args.end()
    const { transport, out } = session
    try {
      await session.loggedOut()
    } catch (error) {
      return lost(session, error)
    }
    if (!transport.isCompressed) return ok('Nobody is logged in now')
    // RFC 8437 §4.1: the tagged response is the last thing compressed.
    out.write(`${tag} OK Nobody is logged in now\r\n`)
    await transport.decompress()
    return { status: 'OK', text: '', silent: true }
  },
}

/** RFC 8437 §3: where something of the session may be left the connection is closed; NO is not permitted. */
function lost(session: ImapSession, error: unknown): ImapResult {
  const log = session.server.log.child({ session: session.flow.session.id })
  if (errorCode(error) === undefined) log.error('internal-error', { error })
  else log.warn('unavailable', { error })
  session.end('logging out has failed')
  return { status: 'BYE', text: '', silent: true }
}

/** The connection without its account, for another login (RFC 8437). TLS stays. */
export const unauthentication: ImapExtension = {
  name: 'unauthenticate',
  capabilities: afterLogin(['UNAUTHENTICATE']),
  commands: { UNAUTHENTICATE: unauthenticate },
}
