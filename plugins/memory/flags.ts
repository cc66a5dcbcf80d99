import { type FlagChange, MailwrightError } from 'mailwright'

// RFC 9051 §2.3.2; \Recent is no flag that anyone may set.
const systemFlags: ReadonlyMap<string, string> = new Map(
  ['\\Answered', '\\Deleted', '\\Draft', '\\Flagged', '\\Seen'].map((flag) => [flag.toLowerCase(), flag]),
)
// RFC 9051 §9: an atom, without the octets that mean something else.
const atom = /^[\x21\x23\x24\x26\x27\x2b-\x5b\x5e-\x7a\x7c-\x7e]{1,255}$/

/** Flags in their canonical spelling, sorted, each once. MAIL_E_INVALID for what is neither flag nor keyword. */
export function canonicalFlags(flags: readonly string[]): readonly string[] {
  return [...new Set(flags.map(canonicalFlag))].sort()
}

function canonicalFlag(flag: string): string {
  const known = systemFlags.get(flag.toLowerCase())
  if (known !== undefined) return known
  if (!atom.test(flag))
    throw new MailwrightError('MAIL_E_INVALID', `not a flag or keyword: ${JSON.stringify(flag)}`)
  return flag
}

/** What becomes of flags by a change whose own flags are canonical. */
export function changedFlags(flags: readonly string[], change: FlagChange): readonly string[] {
  if ('set' in change) return canonicalFlags(change.set)
  if ('add' in change) return canonicalFlags([...flags, ...change.add])
  const removed = canonicalFlags(change.remove)
  return flags.filter((flag) => !removed.includes(flag))
}
