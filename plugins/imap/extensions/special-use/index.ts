import type { ImapExtension, ImapListReturn, ImapListSelection } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { use } from './use.ts'

const returnUse: ImapListReturn = () => ({
  decorate({ info, attributes }) {
    if (info?.specialUse !== undefined) attributes.add(info.specialUse)
  },
})

/** Only mailboxes with a use; it is told too (RFC 6154 §7.2). */
const selectUse: ImapListSelection = (_, request) => {
  request.keepOnly(({ info }) => info?.specialUse !== undefined)
  request.alsoReturn('SPECIAL-USE')
}

/** What mailboxes are for (RFC 6154). */
export const specialUse: ImapExtension = {
  name: 'special-use',
  capabilities: afterLogin(['SPECIAL-USE', 'CREATE-SPECIAL-USE'], 'subscriptions', 'mailboxes'),
  listSelections: { 'SPECIAL-USE': selectUse },
  listReturns: { 'SPECIAL-USE': returnUse },
  createParameters: { USE: use },
}
