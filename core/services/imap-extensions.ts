import type { ImapExtensions } from '../imap/extension.ts'
import { type ServiceKey, serviceKey } from './key.ts'

export const imapExtensions: ServiceKey<ImapExtensions> = serviceKey(
  'imapExtensions',
  'modules that extend IMAP',
  ['core'],
)
