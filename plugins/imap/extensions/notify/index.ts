import type { ImapCommand, ImapExtension, ImapSession } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { onOwnChange } from '../../engine/own-changes.ts'
import { no, ok } from '../../engine/result.ts'
import { readEventGroups } from './event-groups.ts'
import { Notices } from './notices.ts'
import { TooMuchToTell } from './watched-mailboxes.ts'

const known = new WeakMap<ImapSession, Notices>()

function end(session: ImapSession): void {
  onOwnChange(session, undefined)
  known.get(session)?.end()
  known.delete(session)
}

const command: ImapCommand = {
  states: ['authenticated', 'selected'],
  async run(call) {
    const { args, session } = call
    args.space()
    if (args.takes('NONE')) {
      args.end()
      end(session)
      session.news = { messages: false, flags: false }
      return ok('Nothing is told')
    }
    args.expects('SET ')
    const tellAll = args.takes('STATUS ')
    const groups = readEventGroups(args, session)
    args.end()
    groups.selected?.items?.chosen()
    const notices = new Notices(call, groups)
    const { news } = session
    try {
      await notices.begin(tellAll)
    } catch (error) {
      notices.end()
      session.news = news
      if (error instanceof TooMuchToTell) return no('That is too much to tell', 'NOTIFICATIONOVERFLOW')
      throw error
    }
    known.get(session)?.end()
    known.set(session, notices)
    await notices.tellAccumulated()
    return ok('That is told from now on')
  },
}

/** Changes in whatever mailboxes, told as they come (RFC 5465). */
export const notify: ImapExtension = {
  name: 'notify',
  capabilities: afterLogin(['NOTIFY']),
  commands: { NOTIFY: command },
  opened: (session, selected) => known.get(session)?.follow(selected),
  ended: end,
}
