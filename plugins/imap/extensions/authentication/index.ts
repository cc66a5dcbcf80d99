import type { ImapCommand, ImapExtension, ImapSession } from 'mailwright/imap'
import { bad, no, Refusal } from '../../engine/result.ts'
import { mechanismsFor, runAuthentication } from './authenticate.ts'
import { enter } from './enter.ts'

const login: ImapCommand = {
  states: ['not authenticated'],
  async run({ args, session }) {
    args.space()
    const name = args.text()
    args.space()
    const secret = args.text()
    args.end()
    if (!session.transport.allowsPlaintext) return no('Not without TLS', 'PRIVACYREQUIRED')
    if (name === undefined || secret === undefined) return bad('Not UTF-8')
    return enter(session, await session.flow.login({ mechanism: 'LOGIN', login: name }, secret))
  },
}

const authenticate: ImapCommand = {
  states: ['not authenticated'],
  async run(call) {
    const { args, session } = call
    args.space()
    const mechanism = args.word()
    const initial = args.takes(' ') ? args.rest() : undefined
    args.end()
    return runAuthentication(call, session, mechanism, initial)
  },
}

const startTls: ImapCommand = {
  states: ['not authenticated'],
  async run({ tag, args, session }) {
    args.end()
    const { transport, out } = session
    if (!transport.canSecure) return bad(transport.isSecure ? 'TLS is active already' : 'No TLS here')
    requireNothingBehind(session)
    out.write(`${tag} OK Begin TLS now\r\n`)
    await transport.secure()
    // The answer has gone in clear already: there is no other.
    return { status: 'OK', text: '', silent: true }
  },
}

/**
 * Commands behind STARTTLS were sent by someone who wants them to be taken for commands under TLS (RFC 9051 §6.2.1,
 * RFC 3207 §6).
 */
function requireNothingBehind(session: ImapSession): void {
  if (session.transport.unread === 0) return
  session.end('commands behind STARTTLS')
  throw new Refusal(bad('Nothing may follow STARTTLS before TLS'))
}

/** LOGIN, AUTHENTICATE and STARTTLS (RFC 9051 §6.2), with initial responses (RFC 4959). */
export const authentication: ImapExtension = {
  name: 'authentication',
  capabilities(session) {
    if (session.state !== 'not authenticated') return ['SASL-IR']
    const { transport } = session
    return [
      'SASL-IR',
      ...(transport.canSecure ? ['STARTTLS'] : []),
      ...(transport.allowsPlaintext ? [] : ['LOGINDISABLED']),
      ...mechanismsFor(session).map((mechanism) => `AUTH=${mechanism}`),
    ]
  },
  commands: { LOGIN: login, AUTHENTICATE: authenticate, STARTTLS: startTls },
}
