import { parseMaildirFileName } from 'mailwright/formats'
import type { Located, MailboxNames, Scan } from '../files/scan.ts'
import type { Alteration } from '../index/index-change.ts'
import { type IndexRecord, lettersAt, locationOf } from '../index/index-record.ts'
import type { IndexTable } from '../index/index-table.ts'

/** Where a mailbox's directories and its index differ. */
export interface DiskDifference {
  /** Files that are no message of the index, nor about to be removed. */
  readonly newcomers: readonly Located[]
  /** Messages whose flags were changed by another program. */
  readonly altered: readonly Alteration[]
  /** Messages whose files have other names with the same meaning. */
  readonly moved: readonly (readonly [uid: number, location: string])[]
  /** UIDs of messages that were not seen. */
  readonly missing: readonly number[]
}

/** What differs where nothing does. */
export const noDifference: DiskDifference = { newcomers: [], altered: [], moved: [], missing: [] }

/** Whether the files of a mailbox are those that the index knows, by the names that it knows: takes a tenth of a comparison. */
export function isAsKnown(table: IndexTable, names: MailboxNames): boolean {
  // A directory that is changed while it is read may be told to have a name twice.
  const seen = new Set<IndexRecord>()
  for (const directory of ['new', 'cur'] as const)
    for (const fileName of names[directory]) {
      const colon = fileName.indexOf(':')
      const baseLength = colon < 0 ? fileName.length : colon
      const record = table.byBase(fileName.slice(0, baseLength))
      if (record === undefined) {
        if (parseMaildirFileName(fileName) !== undefined) return false
        continue
      }
      const { location } = record
      if (!location.startsWith(directory) || location.slice(4) !== fileName.slice(baseLength)) return false
      seen.add(record)
    }
  return seen.size === table.records.length
}

export function compareWithDisk(table: IndexTable, { messages }: Pick<Scan, 'messages'>): DiskDifference {
  const found = compareFiles(table, messages.values())
  const missing =
    found.seen === table.records.length
      ? []
      : table.records.filter(({ base }) => !messages.has(base)).map(({ entry }) => entry.uid)
  return { ...found, missing }
}

/**
 * The same where `cur` is what it was when it was last read, and only `new` was read now. Undefined where that is not
 * enough: a message that was in one of them may be in the other now, or in both.
 */
export function compareNew(
  table: IndexTable,
  messages: ReadonlyMap<string, Located>,
): DiskDifference | undefined {
  const isThere = table.records.every(
    ({ base, location }) => location.startsWith('new') === messages.has(base),
  )
  return isThere ? { ...compareFiles(table, messages.values()), missing: [] } : undefined
}

function compareFiles(
  table: IndexTable,
  files: Iterable<Located>,
): Omit<DiskDifference, 'missing'> & { readonly seen: number } {
  const newcomers: Located[] = []
  const altered: Alteration[] = []
  const moved: [number, string][] = []
  const leaving = new Set(table.leaving)
  let seen = 0
  for (const located of files) {
    const record = table.byBase(located.base)
    if (record === undefined) {
      if (!leaving.has(located.base)) newcomers.push(located)
      continue
    }
    seen += 1
    const location = locationOf(located)
    if (location === record.location) continue
    if (lettersAt(location) === lettersAt(record.location)) moved.push([record.entry.uid, location])
    else altered.push([record.entry.uid, location, record.keywords])
  }
  return { newcomers, altered, moved, seen }
}

/** Whether the index has to be changed. */
export function matters({ newcomers, altered, missing }: DiskDifference): boolean {
  return newcomers.length + altered.length + missing.length > 0
}
