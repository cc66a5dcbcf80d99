import type { ImapExtension } from 'mailwright/imap'
import { acl } from './acl/index.ts'
import { appendMessages } from './append/index.ts'
import { authentication } from './authentication/index.ts'
import { base } from './base/index.ts'
import { catenation } from './catenate/index.ts'
import { children } from './children/index.ts'
import { compression } from './compress/index.ts'
import { condStore } from './condstore/index.ts'
import { context } from './context/index.ts'
import { copyMessages } from './copy/index.ts'
import { enabling } from './enable/index.ts'
import { esearch } from './esearch/index.ts'
import { expunge } from './expunge/index.ts'
import { fetch } from './fetch/index.ts'
import { i18nLevel } from './i18nlevel/index.ts'
import { id } from './id/index.ts'
import { idling } from './idle/index.ts'
import { inProgress } from './inprogress/index.ts'
import { listMailboxes } from './list/index.ts'
import { listMetadata } from './list-metadata/index.ts'
import { listMyRights } from './list-myrights/index.ts'
import { listStatus } from './list-status/index.ts'
import { mailboxes } from './mailboxes/index.ts'
import { messageLimit } from './message-limit/index.ts'
import { metadata } from './metadata/index.ts'
import { moveMessages } from './move/index.ts'
import { multisearch } from './multisearch/index.ts'
import { namespace } from './namespace/index.ts'
import { notify } from './notify/index.ts'
import { objectIds } from './objectid/index.ts'
import { partial } from './partial/index.ts'
import { previews } from './preview/index.ts'
import { qResync } from './qresync/index.ts'
import { quota } from './quota/index.ts'
import { replaceMessages } from './replace/index.ts'
import { saveDate } from './savedate/index.ts'
import { search } from './search/index.ts'
import { searchResult } from './searchres/index.ts'
import { select } from './select/index.ts'
import { sort } from './sort/index.ts'
import { specialUse } from './special-use/index.ts'
import { status } from './status/index.ts'
import { storeFlags } from './store/index.ts'
import { thread } from './thread/index.ts'
import { uidOnly } from './uidonly/index.ts'
import { unauthentication } from './unauthenticate/index.ts'
import { utf8Accept } from './utf8/index.ts'
import { utf8Append } from './utf8-append/index.ts'
import { within } from './within/index.ts'

/** The modules that every listener has, in the order in which their capabilities are told. */
export const shippedExtensions: readonly ImapExtension[] = [
  base,
  authentication,
  id,
  select,
  mailboxes,
  listMailboxes,
  children,
  specialUse,
  namespace,
  status,
  listStatus,
  acl,
  listMyRights,
  metadata,
  listMetadata,
  quota,
  fetch,
  storeFlags,
  appendMessages,
  catenation,
  utf8Append,
  messageLimit,
  copyMessages,
  moveMessages,
  replaceMessages,
  expunge,
  search,
  esearch,
  searchResult,
  within,
  partial,
  context,
  multisearch,
  inProgress,
  sort,
  thread,
  enabling,
  idling,
  compression,
  condStore,
  qResync,
  objectIds,
  saveDate,
  previews,
  utf8Accept,
  i18nLevel,
  unauthentication,
  uidOnly,
  notify,
]
