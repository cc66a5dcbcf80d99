import type { ImapArguments, ImapSearchKey, ImapWords } from 'mailwright/imap'
import { objectIdTest } from '../../format/object-id.ts'
import { rangesOf } from '../../search/scope.ts'

const emailId: ImapSearchKey = ({ args }) => {
  const isNamed = objectIdTest('email', readObjectId(args))
  return ({ mailbox }) => {
    const found = mailbox.entries.filter(({ id }) => isNamed(id))
    return { kind: 'uids', ranges: rangesOf(found.map(({ uid }) => uid)) }
  }
}

const threadId: ImapSearchKey = ({ args }) => {
  readObjectId(args)
  return () => ({ kind: 'or', of: [] })
}

function readObjectId(args: ImapArguments): string {
  args.space()
  const id = args.atom()
  // RFC 8474 §7
  return /^[A-Za-z0-9_-]{1,255}$/.test(id) ? id : args.fail('That is no object identifier')
}

/** Keys of SEARCH by object identifiers (RFC 8474 §6). A message is in no thread: THREADID finds nothing (RFC 8474 §5.2). */
export const objectIdKeys: ImapWords<ImapSearchKey> = { EMAILID: emailId, THREADID: threadId }
