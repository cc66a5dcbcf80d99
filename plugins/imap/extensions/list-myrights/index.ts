import type { ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { rightsResponse } from '../acl/my-rights.ts'
import { whereKnown } from '../list/where-known.ts'

/** One's rights to all mailboxes that are listed (RFC 8440). */
export const listMyRights: ImapExtension = {
  name: 'list-myrights',
  capabilities: afterLogin(['LIST-MYRIGHTS'], 'rights'),
  listReturns: {
    MYRIGHTS: (_, session) => ({ after: whereKnown(({ name }) => rightsResponse(session, name)) }),
  },
}
