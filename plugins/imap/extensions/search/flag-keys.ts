import { highestUid, type SearchCriterion } from 'mailwright'
import type { ImapSearchKey, ImapSearchScope, ImapSearchTerm, ImapSession, ImapWords } from 'mailwright/imap'

/** A key that says all by its name. */
function constant(criterion: SearchCriterion): ImapSearchKey {
  return () => () => criterion
}

function flag(name: string): SearchCriterion {
  return { kind: 'flag', flag: name }
}

function not(criterion: SearchCriterion): SearchCriterion {
  return { kind: 'not', of: criterion }
}

/** RFC 9051 §9: flag-keyword. */
const keyword =
  (isSet: boolean): ImapSearchKey =>
  ({ args }) => {
    args.space()
    const wanted = flag(args.atom())
    return () => (isSet ? wanted : not(wanted))
  }

const all: SearchCriterion = { kind: 'all' }

/** What is `\Recent`: IMAP4rev2 has no such keys (RFC 9051 Appendix E). */
const ofRev1 =
  (criterion: (recent: SearchCriterion) => SearchCriterion): ImapSearchKey =>
  ({ args, session }): ImapSearchTerm => {
    if (session.enabled.has('IMAP4REV2')) args.fail('IMAP4rev2 has no such key')
    return (scope) => criterion(recentIn(scope, session))
  }

function recentIn({ selected, mailbox }: ImapSearchScope, { account, server }: ImapSession): SearchCriterion {
  if (selected !== undefined) return { kind: 'uids', ranges: selected.recent }
  const first = server.recent.firstOf(account.id, mailbox)
  return { kind: 'uids', ranges: [{ first, last: highestUid }] }
}

/** Keys about flags (RFC 9051 §6.4.4, RFC 3501 §6.4.4). */
export const flagKeys: ImapWords<ImapSearchKey> = {
  ALL: constant(all),
  ANSWERED: constant(flag('\\Answered')),
  DELETED: constant(flag('\\Deleted')),
  DRAFT: constant(flag('\\Draft')),
  FLAGGED: constant(flag('\\Flagged')),
  SEEN: constant(flag('\\Seen')),
  UNANSWERED: constant(not(flag('\\Answered'))),
  UNDELETED: constant(not(flag('\\Deleted'))),
  UNDRAFT: constant(not(flag('\\Draft'))),
  UNFLAGGED: constant(not(flag('\\Flagged'))),
  UNSEEN: constant(not(flag('\\Seen'))),
  KEYWORD: keyword(true),
  UNKEYWORD: keyword(false),
  NEW: ofRev1((recent) => ({ kind: 'and', of: [recent, not(flag('\\Seen'))] })),
  OLD: ofRev1(not),
  RECENT: ofRev1((recent) => recent),
}
