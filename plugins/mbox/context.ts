import { randomBytes } from 'node:crypto'
import type { Clock, Log, RetrievalFlow } from 'mailwright'
import { DirectoryWatches } from './directory-watches.ts'
import type { FileSystem } from './file-system.ts'
import { type LockOptions, MailboxLocks } from './mailbox-lock.ts'

/** What a store is made of from outside. */
export interface MboxSurroundings extends LockOptions {
  readonly files: FileSystem
  readonly clock: Clock
  readonly log: Log
  /** Told of every change. */
  readonly announce: RetrievalFlow
}

/** What all parts of one store share. */
export interface MboxContext extends MboxSurroundings {
  readonly locks: MailboxLocks
  readonly watches: DirectoryWatches
}

export function createContext(surroundings: MboxSurroundings): MboxContext {
  return {
    ...surroundings,
    locks: new MailboxLocks(surroundings),
    watches: new DirectoryWatches(surroundings.files),
  }
}

let made = 0

/** A name that nobody else makes. */
export function uniqueName(): string {
  return `${Date.now()}.${process.pid}.${++made}.${randomBytes(6).toString('hex')}`
}
