import { isMissing } from 'mailwright/disk'
import { formatMaildirFileName } from 'mailwright/formats'
import type { MaildirContext } from '../context.ts'
import type { FileStatus } from '../files/file-system.ts'
import { type Located, pathOf, type Scan } from '../files/scan.ts'
import { type IndexRecord, locationOf } from '../index/index-record.ts'
import type { IndexTable } from '../index/index-table.ts'

/**
 * A scan in which each base name is one file. Two files of one name are either one that was renamed during the scan,
 * or two links to one file (somebody moves with link and unlink), or somebody made a copy: the copy gets a name, and the
 * message that clients know keeps its own.
 */
export async function scanApart(
  context: MaildirContext,
  path: string,
  scan: (expected: readonly string[]) => Promise<Scan>,
  table: IndexTable,
): Promise<Scan> {
  const expected = table.records.map(({ base }) => base)
  const first = await scan(expected)
  let renamed = false
  for (const [base, located] of sameNames(first))
    renamed = (await part(context, path, located, table.byBase(base))) || renamed
  return renamed ? scan(expected) : first
}

/** Whether two names lead to one file. */
export function isSameFile(one: FileStatus, other: FileStatus): boolean {
  return one.ino === other.ino && one.dev === other.dev
}

/** All files of each name that several have. */
function sameNames({ messages, doubles }: Scan): ReadonlyMap<string, readonly Located[]> {
  const groups = new Map<string, readonly Located[]>()
  for (const double of doubles) {
    const last = messages.get(double.base)
    groups.set(double.base, [...(groups.get(double.base) ?? (last ? [last] : [])), double])
  }
  return groups
}

interface Found {
  readonly located: Located
  readonly status: FileStatus
}

/** Gives new names to all but one, and answers whether it did. */
async function part(
  context: MaildirContext,
  path: string,
  located: readonly Located[],
  record: IndexRecord | undefined,
): Promise<boolean> {
  const found: Found[] = []
  for (const each of located) {
    const status = await statusOf(context, pathOf(path, each))
    if (status !== undefined) found.push({ located: each, status })
  }
  const [kept, ...others] = found.toSorted((a, b) => likeness(b, record) - likeness(a, record))
  let renamed = false
  for (const other of others)
    if (kept !== undefined && !isSameFile(kept.status, other.status))
      renamed = (await rename(context, path, other.located)) || renamed
  return renamed
}

/** How much a file is like the message that had the name before: its date says more than where it is. */
function likeness({ located, status }: Found, record: IndexRecord | undefined): number {
  if (record === undefined) return 0
  const hasDate = Math.round(status.mtimeMs) === record.entry.internalDate.getTime()
  return (hasDate ? 2 : 0) + (locationOf(located) === record.location ? 1 : 0)
}

async function rename(context: MaildirContext, path: string, located: Located): Promise<boolean> {
  const { files, names, log } = context
  const fileName = formatMaildirFileName({ ...located, base: names() })
  try {
    await files.rename(pathOf(path, located), pathOf(path, { directory: 'cur', fileName }))
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
  log.warn('store-repaired', { mailbox: path, reason: 'two messages had one name', name: located.base })
  return true
}

async function statusOf({ files }: MaildirContext, path: string): Promise<FileStatus | undefined> {
  try {
    return await files.lstat(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
