import type { ImapExtension, ImapListReturn } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { whereKnown } from '../list/where-known.ts'
import { readStatusItems, statusResponse } from '../status/response.ts'

/** `STATUS (…)`: of a mailbox that cannot be looked at now, or not by this account, nothing is told (RFC 5819 §2). */
const returnStatus: ImapListReturn = (args, session) => {
  args.space()
  const items = readStatusItems(args, session)
  return { after: whereKnown(({ name }) => statusResponse(session, name, items)) }
}

/** STATUS of all mailboxes that are listed (RFC 5819). */
export const listStatus: ImapExtension = {
  name: 'list-status',
  capabilities: afterLogin(['LIST-STATUS']),
  listReturns: { STATUS: returnStatus },
}
