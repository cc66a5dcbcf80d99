// MTA-STS: what the published policy of a domain demands of its MX hosts.
export { httpsStsFetch, type StsFetch, StsFetchError, type StsFetchOptions } from './fetch.ts'
export { type MtaStsPolicy, type MtaStsPolicyOptions, mtaStsPolicy } from './policy.ts'
export type { StsPolicy } from './policy-text.ts'
export { stsMigration } from './tables.ts'
