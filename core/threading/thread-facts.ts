import type { IdentifierFact, NumberFact } from '../facts/fact.ts'
import type { MessageSummary } from '../model/summary.ts'
import { namedFields } from '../search/named-fields.ts'
import { subjectOf } from '../sorting/sort-facts.ts'
import { messageIds } from './message-ids.ts'

// The nearest ancestors are the last ones. That a message names so many that are all missing does not happen.
const mostReferences = 1_000
const mostOctets = 262_144

/** The message's own id, empty where it has none, and the ids of those that it refers to, the parent last (RFC 5256 §3). */
export const threadIds: IdentifierFact = {
  kind: 'identifiers',
  fields: ['references'],
  of: (message) => {
    const [own = ''] = idsIn(message, 'message-id')
    return [own, ...references(message)]
  },
}

/** 1 where the subject says that the message is a reply or a forward (RFC 5256 §3), else 0. */
export const replyMark: NumberFact = {
  kind: 'number',
  of: (message) => (subjectOf(message).isReplyOrForward ? 1 : 0),
}

function references(message: MessageSummary): readonly string[] {
  const ids = [...idsIn(message, 'references')]
  if (ids.length > 0) return ids.slice(-mostReferences)
  // Of In-Reply-To only the first, as it was used for other things than ids.
  const [parent] = idsIn(message, 'in-reply-to')
  return parent === undefined ? [] : [parent]
}

function idsIn(message: MessageSummary, field: string): Iterable<string> {
  return messageIds(namedFields(message, field)[0]?.bodyOctets.slice(-mostOctets) ?? '')
}
