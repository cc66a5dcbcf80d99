import { canonicalFlags } from 'mailwright'

/** What a filing asks for, taken apart: flags and keywords, and what is neither (RFC 9051 §2.3.2), such as `\Recent`. */
export function partedFlags(flags: readonly string[]): Record<'kept' | 'dropped', readonly string[]> {
  const isFlag = (flag: string): boolean => canonicalFlags([flag]) !== undefined
  return { kept: flags.filter(isFlag), dropped: flags.filter((flag) => !isFlag(flag)) }
}
