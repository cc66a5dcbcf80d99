import { overlay } from 'mailwright'
import type { ImapExtension, ImapSelected, ImapSession } from 'mailwright/imap'
import { ConnectionLost } from 'mailwright/network'
import { resultOf } from './result.ts'

// RFC 9051 §9, capability.
const capability = /^[^\x00-\x20\x7f-\uffff(){%*"\\\]]+$/

/**
 * A module of another author: where it throws outside of a command, what it would have said is left out, the session goes on, and
 * the log has its name. A refusal in `opened` is the answer to the command.
 */
export function guardedExtension(extension: ImapExtension): ImapExtension {
  const report = ({ server, flow }: ImapSession, error: unknown): void =>
    server.log.error('internal-error', { session: flow.session.id, extension: extension.name, error })
  const told = (session: ImapSession, tell: () => void): void => {
    try {
      tell()
    } catch (error) {
      report(session, error)
    }
  }
  return overlay(extension, {
    capabilities: (session) => {
      let names: readonly string[] = []
      told(session, () => {
        const answered: unknown = extension.capabilities?.(session) ?? []
        names = Array.isArray(answered) ? answered.filter(isCapability) : []
        if (!Array.isArray(answered) || names.length < answered.length)
          throw new TypeError('`capabilities` answered what is no list of names')
      })
      return names
    },
    loggedIn: (session) => told(session, () => extension.loggedIn?.(session)),
    opened: async (session: ImapSession, selected: ImapSelected) => {
      try {
        await extension.opened?.(session, selected)
      } catch (error) {
        if (error instanceof ConnectionLost || resultOf(error) !== undefined) throw error
        report(session, error)
      }
    },
    ended: (session) => told(session, () => extension.ended?.(session)),
  })
}

function isCapability(name: unknown): name is string {
  return typeof name === 'string' && capability.test(name)
}
