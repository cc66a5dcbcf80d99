import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, createLog, systemClock } from 'mailwright'
import { createContext, type MaildirContext } from '../../../plugins/maildir/context.ts'
import { type FileSystem, nodeFileSystem } from '../../../plugins/maildir/files/file-system.ts'
import type { Addition } from '../../../plugins/maildir/index/index-change.ts'
import { IndexFile } from '../../../plugins/maildir/index/index-file.ts'
import { IndexTable } from '../../../plugins/maildir/index/index-table.ts'

/** A directory in which there is what an index needs of a mailbox. */
export async function indexDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mailwright-index-'))
  await mkdir(join(path, 'tmp'))
  return path
}

/** What a part of the plugin needs that is tried by itself. */
export function partContext(files: FileSystem = nodeFileSystem, clock: Clock = systemClock): MaildirContext {
  return createContext({
    files,
    clock,
    log: createLog('silent'),
    announce: { stored() {}, flagged() {}, expunged() {} },
    hostname: 'mail.example.org',
    lineEnds: 'crlf',
    fullText: false,
    pop3UidlFormat: '%08Xu%08Xv',
  })
}

/** An index without messages. */
export function emptyTable(): IndexTable {
  return new IndexTable({
    id: 'abc',
    uidValidity: 1700000000,
    uidNext: 1,
    modSequence: 1,
    vanishedFloor: 1,
    vanished: [],
    records: [],
    arriving: [],
    leaving: [],
  })
}

/** A message with a name of its own. */
export function addition(uid: number, keywords: readonly string[] = []): Addition {
  return [
    uid,
    `${uid}.a.host,S=10,W=12`,
    'cur/:2,S',
    12,
    1_600_000_000_000 + uid,
    1_700_000_000_000,
    keywords,
  ]
}

/** What a table says, to be compared. */
export function told(table: IndexTable | undefined): unknown {
  if (table === undefined) return undefined
  const { id, uidValidity, uidNext, modSequence, vanishedFloor, vanished, arriving, leaving, records } = table
  return { id, uidValidity, uidNext, modSequence, vanishedFloor, vanished, arriving, leaving, records }
}

/** An index that got its messages one after the other. */
export async function writtenIndex(path: string, count: number): Promise<IndexFile> {
  const index = new IndexFile(partContext(), path)
  await index.replace(emptyTable())
  for (let uid = 1; uid <= count; uid++) await index.append({ modSequence: uid + 1, added: [addition(uid)] })
  return index
}
