import type { ImapExtension, ImapState } from 'mailwright/imap'
import { afterLogin } from '../../engine/after-login.ts'
import { deletedStorage } from './deleted-storage.ts'
import { getQuota, getQuotaRoot, setQuota } from './quota-root.ts'

const states: readonly ImapState[] = ['authenticated', 'selected']

/** What an account may fill, and has filled (RFC 9208). */
export const quota: ImapExtension = {
  name: 'quota',
  capabilities: afterLogin(['QUOTA', 'QUOTA=RES-STORAGE']),
  commands: {
    GETQUOTA: { states, run: getQuota },
    GETQUOTAROOT: { states, run: getQuotaRoot },
    SETQUOTA: { states, run: setQuota },
  },
  statusItems: { 'DELETED-STORAGE': deletedStorage },
}
