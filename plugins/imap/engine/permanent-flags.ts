import { hasAnyRight, type Rights, type StoreAbilities, systemFlags } from 'mailwright'

import { mostKeywords } from './keywords.ts'

/** What an account may change for good (RFC 9051 §7.1 PERMANENTFLAGS, RFC 4314 §4); `keywords` are those that are there. */
export function permanentFlags(
  supports: StoreAbilities,
  rights: Rights,
  keywords: readonly string[],
): readonly string[] {
  if (!supports.flags) return []
  const flags = systemFlags.filter((flag) => hasAnyRight(rights, rightOf(flag)))
  const canKeep = supports.keywords && hasAnyRight(rights, 'w')
  if (!canKeep) return flags
  return keywords.length < mostKeywords ? [...flags, ...keywords, '\\*'] : [...flags, ...keywords]
}

function rightOf(flag: string): Rights {
  if (flag === '\\Seen') return 's'
  return flag === '\\Deleted' ? 't' : 'w'
}
