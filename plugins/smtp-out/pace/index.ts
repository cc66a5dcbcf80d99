// How fast hosts are given mail, where the postmaster has set limits.
import type { Clock, Database, Log } from 'mailwright'
import type { MessageTurns } from './message-turns.ts'
import { OwnTurns } from './own-turns.ts'
import { SharedTurns } from './shared-turns.ts'

export type { LimitInput } from './limit-option.ts'
export { Pace } from './pace.ts'
export { turnsMigration } from './shared-turns.ts'

/** Turns of all processes where there is a database, else of this one. */
export function messageTurns({
  database,
  clock,
  log,
}: {
  readonly database: Database | undefined
  readonly clock: Clock
  readonly log: Log
}): MessageTurns {
  return database === undefined ? new OwnTurns(clock) : new SharedTurns({ database, clock, log })
}
