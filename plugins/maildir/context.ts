import type { Clock, Log, Metrics, RetrievalFlow } from 'mailwright'
import type { FileOctets } from './batches/file-batch-answers.ts'
import {
  type FileBatches,
  type FilePair,
  fileBatches,
  type NewFile,
  resultsOfAll,
} from './batches/file-batches.ts'
import { GatheredCalls } from './batches/gathered-calls.ts'
import { Looks } from './batches/looks.ts'
import { MessageThreads } from './batches/message-threads.ts'
import { ForegroundReads } from './content/foreground-reads.ts'
import type { AheadOctets } from './content/read-ahead.ts'
import { FreshMessages } from './delivery/fresh-messages.ts'
import { SeenInboxes } from './delivery/seen-inboxes.ts'
import { DirectorySync } from './files/directory-sync.ts'
import { type FileSystem, nodeFileSystem } from './files/file-system.ts'
import { LockFiles } from './files/lock-file.ts'
import type { SpareLinks } from './files/spare-links.ts'
import { SyncTimes } from './files/sync-times.ts'
import { createNameSource, type NameSource } from './files/unique-name.ts'
import type { DeliveryLog } from './log/delivery-log.ts'

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
  readonly metrics?: Metrics
}

/** What all parts of one store share. */
export interface MaildirContext extends MaildirSurroundings {
  readonly syncs: SyncTimes
  readonly directories: DirectorySync
  readonly batches: FileBatches
  /** For the machine's own files. */
  readonly threads: MessageThreads | undefined
  /** What is at a path (lstat). */
  readonly looks: Looks
  /** Files that are not links, with their octets where they are {@link smallFile} at most. */
  readonly reads: GatheredCalls<string, FileOctets>
  /** The same of messages, with CRLF line ends. */
  readonly messages: GatheredCalls<string, FileOctets>
  /** New files, not durable by that. */
  readonly creates: GatheredCalls<NewFile, void>
  readonly renames: GatheredCalls<FilePair, void>
  /** What sessions have read ahead. */
  readonly ahead: AheadOctets
  readonly locks: LockFiles
  readonly names: NameSource
  readonly fresh: FreshMessages
  /** Changes of mailboxes whose locks are not given back yet. */
  readonly turns: Set<Promise<unknown>>
  /** Reads of messages that sessions wait for at the moment. */
  readonly foreground: ForegroundReads
  readonly inboxes: SeenInboxes
  /** Where deliveries are made durable together. */
  readonly deliveries?: DeliveryLog
}

/** Up to so many octets a file is read at once: one opening, and what is read stays readable whatever others do. */
const smallFile: number = 128 * 1024
// Files that are in memory together.
const readAtOnce = 64
const changeAtOnce = 100
// So that those of a busy moment go together.
const createsUnderWay = 1

export function createContext(surroundings: MaildirSurroundings, spares?: SpareLinks): MaildirContext {
  const { files, clock, log, metrics } = surroundings
  const syncs = new SyncTimes(clock, metrics)
  const batches = fileBatches(files, log)
  return {
    ...surroundings,
    syncs,
    directories: new DirectorySync(files, syncs),
    batches,
    threads: files === nodeFileSystem ? new MessageThreads() : undefined,
    looks: new Looks(surroundings, batches),
    reads: new GatheredCalls((paths) => batches.read(paths, smallFile), readAtOnce),
    messages: new GatheredCalls((paths) => batches.readCrlf(paths, smallFile), readAtOnce),
    creates: new GatheredCalls(
      async (files) => resultsOfAll(await batches.create(files)),
      changeAtOnce,
      createsUnderWay,
    ),
    renames: new GatheredCalls(async (pairs) => resultsOfAll(await batches.rename(pairs)), changeAtOnce),
    ahead: { octets: 0 },
    locks: new LockFiles(files, clock, spares),
    names: createNameSource(surroundings),
    fresh: new FreshMessages(),
    turns: new Set(),
    foreground: new ForegroundReads(clock),
    inboxes: new SeenInboxes(clock),
  }
}
