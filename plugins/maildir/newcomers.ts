import { UnavailableError } from 'mailwright'
import type { MaildirContext } from './context.ts'
import { isMissing, systemCode } from './disk-errors.ts'
import { openToRead, readFully } from './durable-file.ts'
import type { FileStatus } from './file-system.ts'
import { CrlfMeter } from './line-ends.ts'
import { compareDeliveryTimes, deliveryTime, sizeInName } from './message-name.ts'
import { type Located, pathOf } from './scan.ts'
import { highestUid, type UidList, type UidRecord } from './uid-list.ts'

/** A message without a UID. */
export type Newcomer = Omit<UidRecord, 'uid'>

const chunkSize = 256 * 1024
const atATime = 8

/**
 * Looks at files that have no UID yet, in the order of their delivery. What is not a plain file is no message; what has
 * been renamed since the scan is left for the next one.
 */
export async function examineNewcomers(
  context: MaildirContext,
  path: string,
  located: readonly Located[],
): Promise<readonly Newcomer[]> {
  const found: Newcomer[] = []
  for (let from = 0; from < located.length; from += atATime) {
    const group = located.slice(from, from + atATime).map((each) => examine(context, path, each))
    for (const newcomer of await Promise.all(group)) if (newcomer !== undefined) found.push(newcomer)
  }
  const keyed = found.map((newcomer) => ({
    newcomer,
    time: deliveryTime(newcomer.base, Math.floor(newcomer.internalDate / 1000)),
  }))
  keyed.sort((a, b) => compareDeliveryTimes(a.time, b.time) || (a.newcomer.base < b.newcomer.base ? -1 : 1))
  return keyed.map(({ newcomer }) => newcomer)
}

/** The list with the newcomers at its end. */
export function withNewcomers(list: UidList, newcomers: readonly Newcomer[]): UidList {
  if (list.uidNext + newcomers.length > highestUid) throw new UnavailableError('the mailbox has no UIDs left')
  const records = newcomers.map((newcomer, index) => ({ uid: list.uidNext + index, ...newcomer }))
  return { ...list, uidNext: list.uidNext + records.length, records: [...list.records, ...records] }
}

async function examine(
  context: MaildirContext,
  path: string,
  located: Located,
): Promise<Newcomer | undefined> {
  try {
    const file = pathOf(path, located)
    const status = await context.files.lstat(file)
    if (!status.isFile()) return undefined
    const size = sizeInName(located.base) ?? (await measure(context, file, status))
    return { base: located.base, size, internalDate: Math.round(status.mtimeMs) }
  } catch (error) {
    if (isMissing(error) || systemCode(error) === 'ELOOP') return undefined
    throw error
  }
}

/** Octets with CRLF line ends, found by reading the file piece by piece. */
async function measure({ files }: MaildirContext, path: string, { size }: FileStatus): Promise<number> {
  const meter = new CrlfMeter()
  const file = await openToRead(files, path)
  try {
    for (let position = 0; ; ) {
      const chunk = await readFully(file, Math.min(chunkSize, Math.max(1, size - position)), position)
      if (chunk.length === 0) return meter.crlfOctets
      meter.add(chunk)
      position += chunk.length
    }
  } finally {
    await file.close()
  }
}
