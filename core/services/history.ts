import { type ServiceKey, serviceKey } from './key.ts'

/** The fixed verbs of what can happen. docs/operations.md explains each. */
export const historyVerbs = [
  'connected',
  'secured',
  'greeted',
  'logged-in',
  'login-failed',
  'sender',
  'recipient',
  'verdict',
  'fault',
  'finding',
  'edited',
  'accepted',
  'refused',
  'delivered',
  'deferred',
  'bounced',
  'opened',
  'stored',
  'flagged',
  'expunged',
  'closed',
] as const

export type HistoryVerb = (typeof historyVerbs)[number]

/** One fact or verdict. Append-only: nothing changes an entry. */
export interface HistoryEntry {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly verb: HistoryVerb
  /** The session's id, where there is one. */
  readonly session?: string
  /** The queue id, where there is one. */
  readonly transaction?: string
  /** `<plugin>/<step>` whose verdict this is. */
  readonly by?: string
  /** The hook that asked. */
  readonly hook?: string
  /** What was answered or happened, in one line. */
  readonly text?: string
  /** How long it took. */
  readonly milliseconds?: number
  /** Further facts; values are JSON. */
  readonly facts?: Readonly<Record<string, unknown>>
}

export interface HistoryQuery {
  /** A session's or transaction's id, whole. A transaction also finds its session's entries, and the other way round. */
  readonly id?: string
  /** A text that must occur in the entry, such as an address. */
  readonly text?: string
  readonly since?: Date
  readonly until?: Date
  /** Entries at most, the newest ones; 1,000 where absent. */
  readonly limit?: number
}

/** The record of what happened to each session and message, and why. */
export interface History {
  /** Never fails and never waits: entries are written behind, in batches. A power cut may cost the last second. */
  record(entry: HistoryEntry): void
  /** Oldest first. Sees everything recorded before the call. */
  find(query: HistoryQuery): Promise<readonly HistoryEntry[]>
  /** Resolves when all that was recorded is written. */
  flush(): Promise<void>
}

export const history: ServiceKey<History> = serviceKey('history', 'the record of sessions and messages', [
  'core',
  'memory',
])
