import { randomBytes } from 'node:crypto'
import type { Database } from 'mailwright'
import { formatProcess, isOfEarlierBoot, ownProcess, parseProcess, processState } from 'mailwright/disk'
import type { HolderRow } from '../tables/tables.ts'

/** Milliseconds that a process holds its destinations without saying that it lives. */
export const leaseDuration = 60_000

/** A new name for something of this process that others may look for: which process it is, and chance. */
export function newHolderId(): string {
  return `${formatProcess(ownProcess)}.${randomBytes(8).toString('hex')}`
}

/**
 * Whether the process of a row has surely ended. Where nobody can tell it may live. SQLite is a file of this machine's: there one of
 * an earlier run of it has ended, too.
 */
export function hasEnded(
  { id, expires_at }: Pick<HolderRow, 'id' | 'expires_at'>,
  { dialect }: Pick<Database, 'dialect'>,
): boolean {
  const holder = parseProcess(id.slice(0, id.lastIndexOf('.')))
  if (holder !== undefined && processState(holder) === 'dead') return true
  return dialect === 'sqlite' && isOfEarlierBoot(holder, Number(expires_at) - leaseDuration)
}
