import type { Clock, Log, RetrievalFlow } from 'mailwright'
import { DirectorySync } from './directory-sync.ts'
import { type FileBatches, fileBatches } from './file-batches.ts'
import type { FileSystem } from './file-system.ts'
import { FreshMessages } from './fresh-messages.ts'
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
  /** Whether bodies are indexed for searches. */
  readonly fullText: boolean
  /** The `pop3_uidl_format` of a Dovecot whose Maildirs are taken over. */
  readonly pop3UidlFormat: string
}

/** What all parts of one store share. */
export interface MaildirContext extends MaildirSurroundings {
  readonly directories: DirectorySync
  readonly batches: FileBatches
  readonly locks: LockFiles
  readonly names: NameSource
  readonly fresh: FreshMessages
}

export function createContext(surroundings: MaildirSurroundings): MaildirContext {
  const { files, clock } = surroundings
  return {
    ...surroundings,
    directories: new DirectorySync(files),
    batches: fileBatches(files),
    locks: new LockFiles(files, clock),
    names: createNameSource(surroundings),
    fresh: new FreshMessages(),
  }
}
