import type { ImapCommand, ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { bad } from '../../engine/result.ts'

const compress: ImapCommand = {
  states: ['authenticated', 'selected'],
  // Nothing but EXISTS and FETCH may follow the tagged response (RFC 9051 §7.5.1).
  keepsNumbers: true,
  async run({ tag, args, session }) {
    args.space()
    const algorithm = args.atom().toUpperCase()
    args.end()
    const { transport, out, selected } = session
    if (algorithm !== 'DEFLATE') return bad('Only DEFLATE is known')
    if (transport.isCompressed) return bad('DEFLATE is active already', 'COMPRESSIONACTIVE')
    await selected?.update({ expunges: true, look: false })
    // The tagged response is the last thing in clear.
    out.write(`${tag} OK DEFLATE active\r\n`)
    await transport.compress()
    return { status: 'OK', text: '', silent: true }
  },
}

const offered = afterLogin(['COMPRESS=DEFLATE'])

/** Compression of the connection (RFC 4978). */
export const compression: ImapExtension = {
  name: 'compress',
  capabilities: (session) => (session.transport.isCompressed ? [] : offered(session)),
  commands: { COMPRESS: compress },
}
