import { hasAllRights, type Rights } from '../model/rights.ts'

/** The right that setting and clearing a flag needs (RFC 4314 §4). */
export function rightOfFlag(flag: string): 's' | 't' | 'w' {
  const name = flag.toLowerCase()
  if (name === '\\seen') return 's'
  return name === '\\deleted' ? 't' : 'w'
}

/** Those of the flags that may be set and cleared with these rights. */
export function permittedFlags(flags: readonly string[], rights: Rights): readonly string[] {
  return flags.filter((flag) => rights.includes(rightOfFlag(flag)))
}

/** Whether no flag is beyond these rights. */
export function permitsEveryFlag(rights: Rights): boolean {
  return hasAllRights(rights, 'stw')
}
