import type { Clock, Log, RetrievalFlow } from 'mailwright'
import { DirectorySync } from './directory-sync.ts'
import type { FileSystem } from './file-system.ts'
import { LockFiles } from './lock-file.ts'
import { createNameSource, type NameSource } from './unique-name.ts'

/** What a store is made of from outside. */
export interface MaildirSurroundings {
  readonly files: FileSystem
  readonly clock: Clock
  readonly log: Log
  /** Told of every change. */
  readonly announce: RetrievalFlow
  readonly hostname: string
  /** Line ends of the files that are written. */
  readonly lineEnds: 'crlf' | 'lf'
}

/** What all parts of one store share. */
export interface MaildirContext extends MaildirSurroundings {
  readonly directories: DirectorySync
  readonly locks: LockFiles
  readonly names: NameSource
}

export function createContext(surroundings: MaildirSurroundings): MaildirContext {
  const { files, clock } = surroundings
  return {
    ...surroundings,
    directories: new DirectorySync(files),
    locks: new LockFiles(files, clock),
    names: createNameSource(surroundings),
  }
}
