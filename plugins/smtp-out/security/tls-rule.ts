import { canonicalDomain, type OptionReader } from 'mailwright'
import type { TlsRequirement } from './requirement.ts'

/** The levels that a config may demand. */
export type TlsLevel = 'none' | 'may' | 'encrypt' | 'verify'

/** What is demanded of the hosts of a destination. */
export interface TlsRule {
  readonly level: TlsLevel
  /** Names that the certificate may have; undefined: that of the host. */
  readonly names: readonly string[] | undefined
}

/** A level, or one with the names that `verify` takes; `*.example.org` among them for one label below. */
export type TlsRuleInput = TlsLevel | { readonly level: TlsLevel; readonly names?: readonly string[] }

export const tlsLevels: readonly TlsLevel[] = ['none', 'may', 'encrypt', 'verify']

/** Rules by destination, as `readByDomain` answers them. */
export type TlsRules = ReadonlyMap<string, TlsRule>

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

/** Reads `names`: names of hosts, or `*.example.org` (also `.example.org`) for any one label below. */
export function readCertificateNames(read: OptionReader): readonly string[] | undefined {
  const names = read.value('names') === undefined ? undefined : read.strings('names')
  return names?.map((text) => {
    const name = certificateName(text)
    if (name === undefined)
      read.fault('names', `"${text}" is no name of a host, and no "*.example.org" for the names below one`)
    return name ?? text
  })
}

/** As certificates are asked: `.example.org` for one label below it. */
function certificateName(text: string): string | undefined {
  const [mark = ''] = /^\*?\./.exec(text) ?? []
  const name = canonicalDomain(text.slice(mark.length))
  if (name === undefined || mark === '') return name
  return name.startsWith('[') ? undefined : `.${name}`
}
