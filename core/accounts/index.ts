export { newAccountId } from './account-id.ts'
export { type DetailedAddress, splitDetail } from './detail.ts'
export { checkAddress, checkAliasAddress, checkDomain, checkPersonName, checkQuota } from './rules.ts'
