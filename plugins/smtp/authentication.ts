import { isPermanent } from 'mailwright'
import {
  alreadyLoggedIn,
  authNotOffered,
  badBase64,
  challenge,
  encryptionNeeded,
  loggedIn,
  loginCancelled,
  loginInTransaction,
  tooManyLogins,
  unknownMechanism,
} from './replies.ts'
import { type Credentials, credentials, decodeResponse, parsePlain } from './sasl.ts'
import type { Answer, SmtpSession } from './session.ts'

type Step = (message: string) => Promise<Answer>

/** AUTH (RFC 4954 §4) with PLAIN (RFC 4616) and LOGIN, which has no standard but many users. */
export async function authenticate(session: SmtpSession, argument: string): Promise<Answer> {
  if (!session.service.options.auth) return { reply: authNotOffered }
  if (session.flow.session.account !== undefined) return { reply: alreadyLoggedIn }
  if (session.transaction !== undefined) return { reply: loginInTransaction }
  if (!session.mayLogIn) return { reply: encryptionNeeded }
  const [mechanism = '', initial, ...more] = argument.split(/[ \t]+/)
  if (more.length > 0) return { reply: badBase64 }
  switch (mechanism.toUpperCase()) {
    case 'PLAIN':
      return take(session, '', initial, (message) => finish(session, 'PLAIN', parsePlain(message)))
    case 'LOGIN':
      return take(session, 'Username:', initial, async (login) =>
        take(session, 'Password:', undefined, (secret) =>
          finish(session, 'LOGIN', credentials(login, secret)),
        ),
      )
    default:
      return { reply: unknownMechanism }
  }
}

/** Goes on with an initial response (RFC 4954 §4), or asks for one. */
async function take(
  session: SmtpSession,
  prompt: string,
  initial: string | undefined,
  next: Step,
): Promise<Answer> {
  const decode = async (text: string): Promise<Answer> => {
    const message = decodeResponse(text)
    return message === undefined ? { reply: badBase64 } : next(message)
  }
  if (initial !== undefined) return decode(initial)
  session.exchange = async (line) => (line === '*' ? { reply: loginCancelled } : decode(line))
  return { reply: challenge(prompt) }
}

async function finish(
  session: SmtpSession,
  mechanism: string,
  given: Credentials | undefined,
): Promise<Answer> {
  if (given === undefined) return { reply: badBase64 }
  const { secret, ...who } = given
  const result = await session.flow.login({ mechanism, ...who }, secret)
  if (result.ok) return { reply: loggedIn }
  // RFC 4954 §4: what could not be checked (454) is nobody's failure.
  if (isPermanent(result.reply) && ++session.loginFailures >= session.service.options.maxLoginFailures) {
    return { reply: tooManyLogins }
  }
  return { reply: result.reply, recorded: true }
}
