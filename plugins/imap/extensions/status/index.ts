import type { ImapCommand, ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { ok } from '../../engine/result.ts'
import { statusItems } from './items.ts'
import { readStatusItems, statusResponse } from './response.ts'

const command: ImapCommand = {
  states: ['authenticated', 'selected'],
  async run({ args, session }) {
    args.space()
    const mailbox = args.mailbox()
    args.space()
    const items = readStatusItems(args, session)
    args.end()
    session.out.untagged(await statusResponse(session, mailbox, items))
    return ok('That is all')
  },
}

/** STATUS (RFC 9051 §6.3.11), with SIZE (RFC 8438). */
export const status: ImapExtension = {
  name: 'status',
  capabilities: afterLogin(['STATUS=SIZE']),
  commands: { STATUS: command },
  statusItems,
}
