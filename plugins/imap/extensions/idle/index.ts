import type { ImapCommand, ImapExtension, ImapSession } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { bad, ok } from '../../engine/result.ts'

/** Octets of the line that ends IDLE: DONE, or a mistake. */
const longestLine = 1_024

const idle: ImapCommand = {
  states: ['authenticated', 'selected'],
  async run(call) {
    call.args.end()
    const end = pushChanges(call.session)
    try {
      const line = await call.continuation('idling', longestLine)
      return line.toUpperCase() === 'DONE' ? ok('Idled') : bad('DONE was expected')
    } finally {
      end()
    }
  },
}

/** Tells of changes in the selected mailbox as they come, those first that have come already. Answers what ends it. */
function pushChanges(session: ImapSession): () => void {
  const { selected } = session
  if (selected === undefined) return () => undefined
  let isOver = false
  let isWaiting = false
  const push = async (): Promise<void> => {
    isWaiting = false
    // RFC 9051 §7.5.1: without a command in progress the client must not be told of expunges.
    if (!isOver) await selected.update({ expunges: true, look: false, pushed: true })
  }
  const changed = (): void => {
    if (isWaiting) return
    isWaiting = true
    session.whenQuiet(push)
  }
  changed()
  const end = selected.onChange(changed)
  return () => {
    isOver = true
    end()
  }
}

/** IDLE (RFC 9051 §6.3.13, RFC 2177). */
export const idling: ImapExtension = {
  name: 'idle',
  capabilities: afterLogin(['IDLE']),
  commands: { IDLE: idle },
}
