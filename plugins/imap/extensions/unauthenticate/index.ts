import type { ImapCommand, ImapExtension } from 'mailwright'
import { afterLogin } from '../../engine/after-login.ts'
import { ok } from '../../engine/result.ts'

const unauthenticate: ImapCommand = {
  states: ['authenticated', 'selected'],
  async run({ tag, args, session }) {
    args.end()
    const { transport, out } = session
    await session.loggedOut()
    if (!transport.isCompressed) return ok('Nobody is logged in now')
    // RFC 8437 §4.1: the tagged response is the last thing compressed.
    out.write(`${tag} OK Nobody is logged in now\r\n`)
    await transport.decompress()
    return { status: 'OK', text: '', silent: true }
  },
}

/** The connection without its account, for another login (RFC 8437). TLS stays. */
export const unauthentication: ImapExtension = {
  name: 'unauthenticate',
  capabilities: afterLogin(['UNAUTHENTICATE']),
  commands: { UNAUTHENTICATE: unauthenticate },
}
