// MTA-STS: what the published policy of a domain demands of its MX hosts.
export { httpsStsFetch } from './fetch.ts'
export { type MtaStsPolicy, mtaStsPolicy } from './policy.ts'
export type { StsPolicy } from './policy-text.ts'
export { stsMigration } from './tables.ts'
