// The formats of Maildirs: names of files and directories, and the lists that servers keep beside the mail. Octets and
// texts become values and back; nothing here reads a disk.
export {
  type CourierKeywords,
  courierKeywordListFile,
  courierKeywordsDirectory,
  newestCourierKeywordFiles,
  parseCourierKeywordFile,
  parseCourierKeywordList,
} from './courier-keywords.ts'
export { courierPop3ListFile, parseCourierPop3List } from './courier-pop3-list.ts'
export { courierSubscribedFile, parseCourierSubscribed } from './courier-subscribed.ts'
export { courierUidDatabaseFile, parseCourierUidDatabase } from './courier-uiddb.ts'
export {
  dovecotKeywordLetters,
  dovecotKeywordsFile,
  formatDovecotKeywords,
  parseDovecotKeywords,
} from './dovecot-keywords.ts'
export {
  dovecotSubscriptionsFile,
  formatDovecotSubscriptions,
  parseDovecotSubscriptions,
} from './dovecot-subscriptions.ts'
export {
  type DovecotUidlist,
  type DovecotUidlistRecord,
  dovecotUidlistFile,
  formatDovecotUidlist,
  parseDovecotUidlist,
} from './dovecot-uidlist.ts'
export {
  compareMaildirDeliveryTimes,
  formatMaildirFileName,
  type MaildirDeliveryTime,
  type MaildirFileName,
  maildirDeliveryTime,
  parseMaildirFileName,
  sizeInMaildirFileName,
} from './file-name.ts'
export { maildirFlags, maildirLetters, maildirPassedLetter, sortedMaildirLetters } from './flags.ts'
export { maildirHostName } from './host-name.ts'
export { decodeMailboxLevel } from './mailbox-levels.ts'
export {
  canonicalMaildirMailbox,
  mailboxOfMaildirDirectory,
  maildirDirectoryOf,
  plainMaildirDirectoryOf,
} from './mailbox-name.ts'
export { decodeModifiedUtf7, encodeModifiedUtf7 } from './modified-utf7.ts'
export {
  type DovecotUidlFacts,
  defaultDovecotUidlFormat,
  formatDovecotUidl,
  isPop3Uidl,
} from './pop3-uidl.ts'
export { type MaildirUidHeader, type MaildirUids, parseMaildirUidHeader } from './uid-header.ts'
