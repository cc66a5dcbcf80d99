import type { OptionReader } from 'mailwright'
import { domainKey } from '../routing/address-patterns.ts'
import type { ByDomain } from '../routing/by-domain.ts'
import type { TlsRequirement } from './requirement.ts'

/** The levels that a config may demand. */
export type TlsLevel = 'none' | 'may' | 'encrypt' | 'verify'

/** What is demanded of the hosts of a destination. */
export interface TlsRule {
  readonly level: TlsLevel
  /** Names that the certificate may have; undefined: that of the host. */
  readonly names: readonly string[] | undefined
}

/** A level, or one with the names that `verify` takes. */
export type TlsRuleInput = TlsLevel | { readonly level: TlsLevel; readonly names?: readonly string[] }

export const tlsLevels: readonly TlsLevel[] = ['none', 'may', 'encrypt', 'verify']

/** Rules by destination. */
export type TlsRules = ByDomain<TlsRule>

/** What a rule demands of one host. */
export function requirementOf(rule: TlsRule, host: string, source: TlsRequirement['source']): TlsRequirement {
  return { level: rule.level, names: rule.names ?? [host], source }
}

/** Reads one rule; undefined where it is absent. */
export function readTlsRule(read: OptionReader, name: string): TlsRule | undefined {
  const value = read.value(name)
  if (value === undefined) return undefined
  if (typeof value !== 'object') return { level: read.choice(name, tlsLevels), names: undefined }
  return read.object(name, (reader) => ({
    level: reader.choice('level', tlsLevels),
    names: readCertificateNames(reader),
  }))
}

/** Reads `names`: names of hosts, or `.example.org` for any one label below. */
export function readCertificateNames(read: OptionReader): readonly string[] | undefined {
  const names = read.value('names') === undefined ? undefined : read.strings('names')
  for (const name of names ?? [])
    if (domainKey(name) === undefined)
      read.fault('names', `"${name}" is no name of a host, and no ".example.org" for the names below one`)
  return names?.map((name) => domainKey(name) ?? name)
}
