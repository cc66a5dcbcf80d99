import type { ImapCommand, ImapExtension, ImapState } from 'mailwright/imap'
import { ok } from '../../engine/result.ts'

const anyState: readonly ImapState[] = ['not authenticated', 'authenticated', 'selected']

const capability: ImapCommand = {
  states: anyState,
  async run({ args, session }) {
    args.end()
    session.out.untagged(`CAPABILITY ${session.capabilities().join(' ')}`)
    return ok('That is all')
  },
}

const noop: ImapCommand = {
  states: anyState,
  looks: true,
  async run({ args }) {
    args.end()
    return ok('Done')
  },
}

/** RFC 3501 §6.4.1: whatever a checkpoint may be, everything answered is durable here already. */
const check: ImapCommand = { ...noop, states: ['selected'] }

const logout: ImapCommand = {
  states: anyState,
  async run({ args, session }) {
    args.end()
    await session.unselect()
    session.out.untagged('BYE Logging out')
    session.end('LOGOUT')
    return ok('Bye')
  },
}

/** What every session can do: CAPABILITY, NOOP, LOGOUT (RFC 9051 §6.1), CHECK (RFC 3501 §6.4.1). */
export const base: ImapExtension = {
  name: 'base',
  // RFC 7888 §5: LITERAL+ says all that LITERAL- says; only one of them may be there.
  capabilities: () => ['IMAP4rev2', 'IMAP4rev1', 'LITERAL+'],
  commands: { CAPABILITY: capability, NOOP: noop, CHECK: check, LOGOUT: logout },
}
