// What providers of the service `accounts` share: rules of addresses, logins, aliases and app passwords, and hashes of
// passwords. Imported as `mailwright/accounts`.
export * from '../passwords/index.ts'
export { accountIdOf, newAccountId } from './account-id.ts'
export {
  type AppPasswordMatch,
  hashAppSecret,
  makeAppPassword,
  matchAppPassword,
  nameKey,
  newAppSecret,
  noAppPassword,
  type StoredAppPassword,
  sameName,
} from './app-password.ts'
export {
  type AuditNote,
  auditKey,
  auditLimit,
  auditSubject,
  changeDetail,
  targetDetail,
} from './audit.ts'
export { verifyCramMd5 } from './cram-md5.ts'
export { type CramMd5Options, cramMd5Warning, readCramMd5Options } from './cram-md5-option.ts'
export { type DetailedAddress, splitDetail } from './detail.ts'
export { readDetailSeparator } from './detail-option.ts'
export { type AccountRecord, AccountsDirectory, type DeletedRecord } from './directory.ts'
export { type AccountFacts, accountWith, checkNewAccount } from './directory-accounts.ts'
export { DirectoryAdministration } from './directory-administration.ts'
export { hasExpired } from './directory-aliases.ts'
export type { DirectoryHolder } from './directory-holder.ts'
export {
  changedSettings,
  checkAliasTarget,
  checkDomainLimits,
  checkDomainSettings,
  checkOwnAddresses,
  type DomainUse,
} from './domain-rules.ts'
export { mayBeUsed } from './identify.ts'
export { LimitedAdministration, unsupported } from './limited-administration.ts'
export { type LoginRecord, type VerifiedLogin, verifyLogin } from './login.ts'
export { ownsAddress } from './own-address.ts'
export {
  checkActor,
  checkAddress,
  checkAliasAddress,
  checkDomain,
  checkExpiry,
  checkPersonName,
  checkQuota,
  checkRoles,
  parseOwnAddress,
} from './rules.ts'
export { readSaltKey } from './salt-key.ts'
export {
  lacksScramKeys,
  makeScramKeys,
  type ScramPolicy,
  type ScramQuestion,
  type ScramRecord,
  type ScramSecret,
  type ScramSecrets,
  scramSettingsOf,
  scramVerifierOf,
} from './scram.ts'
export { readScramOptions, type ScramOptions } from './scram-option.ts'
export { type CountSending, checkSending, checkSendingLimit, windowStart } from './sending-limit.ts'
export { compareTexts, sortedByAddress } from './sorting.ts'
