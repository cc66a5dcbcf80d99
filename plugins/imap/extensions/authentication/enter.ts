import type { LoginResult } from 'mailwright'
import type { ImapResult, ImapSession } from 'mailwright/imap'
import { no, ok } from '../../engine/result.ts'

const firstDelay = 1_000
const longestDelay = 15_000

const failures = new WeakMap<ImapSession, number>()

/** What a login leads to: the session is the account's, or the client is told later and later that it was wrong. */
export async function enter(session: ImapSession, result: LoginResult): Promise<ImapResult> {
  if (!result.ok) return fail(session, result.reply.code)
  const refused = await session.loggedIn(result.account)
  if (refused !== undefined) return refused
  return ok('Logged in', `CAPABILITY ${session.capabilities().join(' ')}`)
}

/** Guessing gets slower and slower, and then ends. What failed on our side is not held against the client. */
async function fail(session: ImapSession, code: number): Promise<ImapResult> {
  if (code < 500) return no('Nobody can be verified now, try again later', 'UNAVAILABLE')
  const count = (failures.get(session) ?? 0) + 1
  failures.set(session, count)
  await session.transport.delay(Math.min(firstDelay * 2 ** (count - 1), longestDelay))
  if (count >= session.server.limits.loginFailures) session.end('too many failed logins')
  return no('Wrong login or password', 'AUTHENTICATIONFAILED')
}
