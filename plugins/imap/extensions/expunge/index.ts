import type { MessageEntry } from 'mailwright'
import type { ImapExtension, ImapResult, ImapSelected, ImapSession } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { entriesMarkedDeleted } from '../../engine/deleted-entries.ts'
import { highestCode } from '../../engine/highest-code.ts'
import { withinMessageLimit } from '../../engine/message-limit.ts'
import { bad, no, ok } from '../../engine/result.ts'

const readOnly = no('The mailbox is opened for reading only', 'READ-ONLY')

/** EXPUNGE (RFC 9051 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1). */
export const expunge: ImapExtension = {
  name: 'expunge',
  capabilities: afterLogin(['UIDPLUS']),
  commands: {
    EXPUNGE: {
      states: ['selected'],
      async run({ args, session }) {
        args.end()
        const { selected } = session
        if (selected === undefined) return bad('No mailbox is selected')
        if (selected.isReadOnly) return readOnly
        // RFC 9738 §3.1: without any limit.
        return remove(session, selected, await entriesMarkedDeleted(selected))
      },
    },
    'UID EXPUNGE': {
      states: ['selected'],
      async run({ args, session }) {
        args.space()
        const set = args.sequenceSet()
        args.end()
        const { selected } = session
        if (selected === undefined) return bad('No mailbox is selected')
        if (selected.isReadOnly) return readOnly
        const chosen = new Set(selected.resolve(set, true).map(({ uid }) => uid))
        const all = (await entriesMarkedDeleted(selected)).filter(({ uid }) => chosen.has(uid))
        const { entries, code } = withinMessageLimit(session, all)
        return remove(session, selected, entries, code)
      },
    },
  },
}

async function remove(
  session: ImapSession,
  selected: ImapSelected,
  entries: readonly MessageEntry[],
  limited?: string,
): Promise<ImapResult> {
  const isNothing = entries.length === 0
  if (!isNothing)
    await selected.mailbox.expunge(
      entries.map(({ uid }) => uid),
      { onlyDeleted: true },
    )
  // RFC 7162 §3.2.7; what others removed is told of by the same command, and clients cannot tell whose it was.
  const highest = await highestCode(session, selected)
  if (limited === undefined) return ok(isNothing ? 'There was nothing to expunge' : 'Expunged', highest)
  if (highest !== undefined) session.out.untagged(`OK [${highest}] Highest`)
  return ok('Only a part was expunged', limited)
}
