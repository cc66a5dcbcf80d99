import { isPermanent, type LoginResult, type Reply, reply } from 'mailwright'
import {
  beginMechanism,
  runSaslExchange,
  type SaslCarrier,
  type SaslLine,
  type SaslMechanism,
} from 'mailwright/network'
import {
  alreadyLoggedIn,
  authNotOffered,
  encryptionNeeded,
  loggedIn,
  loginCancelled,
  loginInTransaction,
  noMechanism,
  tooManyLogins,
  unknownMechanism,
} from './replies.ts'
import type { Answer, SmtpSession } from './session.ts'

/** AUTH (RFC 4954 §4). */
export async function authenticate(session: SmtpSession, argument: string): Promise<Answer> {
  if (!session.service.options.auth) return { reply: authNotOffered }
  if (session.flow.session.account !== undefined) return { reply: alreadyLoggedIn }
  if (session.transaction !== undefined) return { reply: loginInTransaction }
  if (!session.mayLogIn) return { reply: encryptionNeeded }
  const [name = '', initial, ...more] = argument.split(/[ \t]+/)
  if (name === '') return { reply: noMechanism }
  if (more.length > 0) return { reply: malformed('One initial response at most') }
  const mechanism = beginMechanism(name, session.sasl)
  if (mechanism === undefined) return { reply: unknownMechanism }
  return new Exchange(session, mechanism).begin(initial)
}

// RFC 4954 §4: a response that cannot be decoded.
function malformed(problem: string): Reply {
  return reply(501, '5.5.2', problem)
}

/** An exchange whose lines come in one by one, each to be answered by the next challenge or by the end. */
class Exchange implements SaslCarrier {
  readonly #session: SmtpSession
  readonly #mechanism: SaslMechanism
  #answer = Promise.withResolvers<Answer>()
  #line = Promise.withResolvers<SaslLine>()

  constructor(session: SmtpSession, mechanism: SaslMechanism) {
    this.#session = session
    this.#mechanism = mechanism
  }

  begin(initial: string | undefined): Promise<Answer> {
    this.#run(initial).then(
      (answer) => this.#answer.resolve(answer),
      (error: unknown) => this.#answer.reject(error),
    )
    return this.#answer.promise
  }

  async challenge(text: string): Promise<void> {
    this.#line = Promise.withResolvers()
    this.#session.exchange = (line) => {
      this.#answer = Promise.withResolvers()
      this.#line.resolve({ kind: 'line', octets: line })
      return this.#answer.promise
    }
    this.#answer.resolve({ reply: reply(334, undefined, text) })
  }

  readLine(): Promise<SaslLine> {
    return this.#line.promise
  }

  async #run(initial: string | undefined): Promise<Answer> {
    const outcome = await runSaslExchange(this.#mechanism, initial, this)
    switch (outcome.kind) {
      case 'done':
        return this.#finish(outcome.result)
      case 'malformed':
        return { reply: malformed(outcome.problem) }
      case 'cancelled':
      case 'ended':
        return { reply: loginCancelled }
    }
  }

  #finish(result: LoginResult): Answer {
    const session = this.#session
    if (result.ok) {
      // What was refused for want of a login is not to stand in the way of what follows it.
      session.refusedChunk = undefined
      return { reply: loggedIn }
    }
    // RFC 4954 §4: what could not be checked (454) is nobody's failure.
    const failed = isPermanent(result.reply)
    if (failed && ++session.loginFailures >= session.service.options.maxLoginFailures)
      return { reply: tooManyLogins }
    return { reply: result.reply, recorded: true }
  }
}
