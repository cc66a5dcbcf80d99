import { isKeyword, type StoreAbilities, systemFlag } from 'mailwright'

/** Those of a source's flags that the store can keep, each once. */
export function storableFlags(
  flags: Iterable<string>,
  supports: Pick<StoreAbilities, 'flags' | 'keywords'>,
): readonly string[] {
  const kept = new Map<string, string>()
  for (const flag of flags) {
    const known = systemFlag(flag)
    const isKept = known === undefined ? supports.keywords && isKeyword(flag) : supports.flags
    const name = flag.toLowerCase()
    if (isKept && !kept.has(name)) kept.set(name, known ?? flag)
  }
  return [...kept.values()]
}
