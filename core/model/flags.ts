/** A change of flags: exactly one of the three ways. */
export type FlagChange =
  | { readonly add: readonly string[] }
  | { readonly remove: readonly string[] }
  | { readonly set: readonly string[] }

/** RFC 9051 §2.3.2; `\Recent` is no flag that anyone may set. */
export const systemFlags: readonly string[] = ['\\Answered', '\\Deleted', '\\Draft', '\\Flagged', '\\Seen']

const systemFlagOf: ReadonlyMap<string, string> = new Map(
  systemFlags.map((flag) => [flag.toLowerCase(), flag]),
)
// RFC 9051 §9: an atom, without the octets that mean something else.
const keyword = /^[\x21\x23\x24\x26\x27\x2b-\x5b\x5e-\x7a\x7c-\x7e]{1,255}$/

/** Whether a text can be a keyword (RFC 9051 §9, flag-keyword). */
export function isKeyword(text: string): boolean {
  return keyword.test(text)
}

/** Whether a message is to be removed by the next EXPUNGE (RFC 9051 §2.3.2). */
export function isDeleted({ flags }: { readonly flags: readonly string[] }): boolean {
  return flags.includes('\\Deleted')
}

/** The system flag that a text spells in any case. */
export function systemFlag(text: string): string | undefined {
  return systemFlagOf.get(text.toLowerCase())
}

/**
 * Flags and keywords sorted, each once, system flags as RFC 9051 spells them; a keyword as it is spelled first, since
 * case makes no other one of it (RFC 9051 §2.3.2). Undefined where one is neither flag nor keyword: `\Recent`, say.
 */
export function canonicalFlags(flags: readonly string[]): readonly string[] | undefined {
  const byName = new Map<string, string>()
  for (const flag of flags) {
    const known = systemFlag(flag)
    if (known === undefined && !isKeyword(flag)) return undefined
    const name = flag.toLowerCase()
    if (!byName.has(name)) byName.set(name, known ?? flag)
  }
  return [...byName.values()].sort()
}

/** What becomes of canonical flags by a change; undefined where it names what is neither flag nor keyword. */
export function changedFlags(flags: readonly string[], change: FlagChange): readonly string[] | undefined {
  if ('set' in change) return canonicalFlags(change.set)
  if ('add' in change) return canonicalFlags([...flags, ...change.add])
  const removed = canonicalFlags(change.remove)
  if (removed === undefined) return undefined
  const names = new Set(removed.map((flag) => flag.toLowerCase()))
  return flags.filter((flag) => !names.has(flag.toLowerCase()))
}
