import type { FailureCount } from './failure-counts.ts'
import type { Answer } from './known-networks.ts'
import type { Restriction } from './restrictions.ts'

/** What the guard knows by itself, by the keys of subjects. Where no tables have it, it outlives a reload. */
export interface GuardMemory {
  readonly failures: Map<string, FailureCount>
  readonly restrictions: Map<string, Restriction>
  /** The prefix lengths that restricted networks have, by the octets of their addresses. */
  readonly prefixes: Map<number, Set<number>>
  readonly known: Map<string, Answer>
}

export function emptyMemory(): GuardMemory {
  return { failures: new Map(), restrictions: new Map(), prefixes: new Map(), known: new Map() }
}
