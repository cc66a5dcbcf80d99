// For stores: access lists, rights and shared mailboxes. Imported as `mailwright/rights`.
export { mostAccessEntries } from './access-list-file.ts'
export type { AccessLists, MailboxShare, SharedMailbox } from './access-lists.ts'
export { effectiveRights, type GrantableRights, grantableRights } from './effective-rights.ts'
export { FiledAccessLists, type NamedFiles } from './filed-access-lists.ts'
export { permittedFlags, rightOfFlag } from './flag-rights.ts'
export { GuardedAccountStore } from './guarded-account-store.ts'
export { GuardedStore, type GuardedStoreOptions, guardedStore } from './guarded-store.ts'
export {
  addressIdentifier,
  anyone,
  canonicalIdentifier,
  type Identity,
  identifierFor,
  isNegative,
  meantBy,
} from './identifier.ts'
export { otherUsersLevel, personalName, sharedLevel } from './mailbox-place.ts'
export { MemoryAccessLists } from './memory-access-lists.ts'
export type { FindAccount } from './named-accounts.ts'
export { type PublicMailbox, PublicMailboxes } from './public-mailboxes.ts'
export { Sharing, type SharingOptions } from './sharing.ts'
