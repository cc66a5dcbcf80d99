import type { ImapSession } from 'mailwright/imap'
import { isTrouble, resultOf } from './result.ts'

/**
 * Asks the store for what a client is shown of something that is done. Where that fails it is left out, and undefined is
 * answered: a client that were told NO would do it once more.
 */
export async function showing<T>(
  { server, flow }: ImapSession,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (resultOf(error) === undefined) throw error
    if (isTrouble(error)) server.log.warn('unavailable', { session: flow.session.id, error })
    return undefined
  }
}
