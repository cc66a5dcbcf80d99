import type { ImapExtension, ImapSearchKey } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'

const age =
  (kind: 'younger' | 'older'): ImapSearchKey =>
  ({ args }) => {
    args.space()
    const seconds = args.number(1)
    return () => ({ kind, seconds })
  }

/** Searches by age (RFC 5032). */
export const within: ImapExtension = {
  name: 'within',
  capabilities: afterLogin(['WITHIN']),
  searchKeys: { OLDER: age('older'), YOUNGER: age('younger') },
}
