import type { ImapExtension } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'

/** Searching and sorting compare texts by i;unicode-casemap, whoever asks (RFC 5255 §4.2): stores do, see `foldText`. */
export const i18nLevel: ImapExtension = {
  name: 'i18nlevel',
  capabilities: afterLogin(['I18NLEVEL=1']),
}
