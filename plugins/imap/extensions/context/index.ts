import type {
  ImapArguments,
  ImapCommand,
  ImapExtension,
  ImapSearchReturn,
  ImapSession,
} from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { bad, no, ok } from '../../engine/result.ts'
import { FetchedItems } from '../fetch/fetched-items.ts'
import { contextsOf } from './contexts.ts'

const update: ImapSearchReturn = (args, { session, tag }) => {
  // RFC 7377 §2.2
  if (session.selected === undefined) return args.fail('No mailbox is selected')
  if (contextsOf(session.selected).has(tag)) args.fail('The tag of a context is used again')
  const items = readItems(args, session)
  return {
    part: () => '',
    answered(result) {
      items?.chosen()
      if (result.selected !== undefined) contextsOf(result.selected).add(result, result.selected, items)
    },
  }
}

/** What is fetched of new messages that are found (RFC 5465 §7): `(UID ENVELOPE)`. */
function readItems(args: ImapArguments, session: ImapSession): FetchedItems | undefined {
  if (args.sees(' (')) args.space()
  if (!args.sees('(')) return undefined
  const items = new FetchedItems(session)
  args.list(() => items.read(args), 1)
  return items
}

const cancelUpdate: ImapCommand = {
  states: ['selected'],
  async run({ args, session: { selected } }) {
    const tags: string[] = []
    do {
      args.space()
      tags.push(args.string())
    } while (!args.atEnd)
    if (selected === undefined) return bad('No mailbox is selected')
    const contexts = contextsOf(selected)
    if (!tags.every((tag) => contexts.has(tag))) return no('There is no such context')
    for (const tag of tags) contexts.cancel(tag)
    return ok('No further updates')
  },
}

/** Searches whose results are kept up to date (RFC 5267 §4). CONTEXT is a hint that nothing is made of. */
export const context: ImapExtension = {
  name: 'context',
  capabilities: afterLogin(['CONTEXT=SEARCH']),
  commands: { CANCELUPDATE: cancelUpdate },
  searchReturns: { CONTEXT: () => ({ part: () => '', hint: true }), UPDATE: update },
}
