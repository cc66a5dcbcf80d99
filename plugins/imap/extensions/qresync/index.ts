import type { UidRange } from 'mailwright'
import type { ImapExtension, ImapFetchModifier, ImapSelectParameter, ImapSession } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { bad, Refusal } from '../../engine/result.ts'
import { settledRanges } from '../../engine/sequence-set.ts'
import { rangesOf } from '../../search/scope.ts'
import { readKnownMessages } from './known-messages.ts'
import { resynchronise } from './resynchronisation.ts'
import { tellVanished } from './vanished.ts'

/** RFC 7162 §3.2.3: it implies CONDSTORE. */
function enable(session: ImapSession): void {
  const { enabled, server } = session
  if (!server.store.supports.modSequences) return
  enabled.add('QRESYNC')
  server.vocabulary.enables.get('CONDSTORE')?.(session)
}

const onSelect: ImapSelectParameter = (args, request) => {
  const { session } = request
  if (!session.enabled.has('QRESYNC')) args.fail('ENABLE QRESYNC comes first')
  const known = readKnownMessages(args, session)
  request.whenOpen((selected) => resynchronise(session, selected, known))
}

/** RFC 7162 §3.2.6: only with UID FETCH, and only beside CHANGEDSINCE, which may stand behind it. */
const vanished: ImapFetchModifier = (args, request) => {
  const { byUid, selected, session, set } = request
  if (!byUid) args.fail('VANISHED is for UID FETCH')
  if (!session.enabled.has('QRESYNC')) args.fail('ENABLE QRESYNC comes first')
  request.before(async () => {
    const { changedSince } = request
    if (changedSince === undefined) throw new Refusal(bad('VANISHED needs CHANGEDSINCE'))
    await tellVanished(session, selected, changedSince, uidsAskedFor())
  })
  function uidsAskedFor(): readonly UidRange[] {
    // The last message may be among those that are gone.
    return set === '$' ? rangesOf(selected.saved) : settledRanges(set, selected.mailbox.uidNext - 1)
  }
}

/** What has changed and what was expunged since a client has last seen the mailbox (RFC 7162 §3.2). */
export const qResync: ImapExtension = {
  name: 'qresync',
  capabilities: afterLogin(['QRESYNC'], 'modSequences'),
  enables: { QRESYNC: enable },
  fetchModifiers: { VANISHED: vanished },
  selectParameters: { QRESYNC: onSelect },
}
