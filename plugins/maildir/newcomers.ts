import {
  canonicalFlags,
  compareMaildirDeliveryTimes,
  highestUid,
  maildirDeliveryTime,
  sizeInMaildirFileName,
  UnavailableError,
} from 'mailwright'
import type { MaildirContext } from './context.ts'
import { isMissing, systemCode } from './disk-errors.ts'
import { openToRead, readFully } from './durable-file.ts'
import type { FileStatus } from './file-system.ts'
import type { ForeignMailbox } from './foreign/foreign-state.ts'
import { type Addition, isTime } from './index-change.ts'
import { lettersAt, locationOf } from './index-record.ts'
import type { IndexTable } from './index-table.ts'
import { CrlfMeter } from './line-ends.ts'
import { type Located, pathOf } from './scan.ts'

/** A message without a UID. */
export interface Newcomer {
  readonly base: string
  readonly location: string
  /** Octets with CRLF line ends. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly internalDate: number
  readonly savedDate: number
}

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
    time: maildirDeliveryTime(newcomer.base, Math.floor(newcomer.internalDate / 1000)),
  }))
  keyed.sort(
    (a, b) => compareMaildirDeliveryTimes(a.time, b.time) || (a.newcomer.base < b.newcomer.base ? -1 : 1),
  )
  return keyed.map(({ newcomer }) => newcomer)
}

/**
 * Newcomers as the index takes them: with the next UIDs, in their order; those that another server had here before come
 * first, with what it told clients of them.
 */
export function additionsOf(
  table: IndexTable,
  newcomers: readonly Newcomer[],
  foreign: ForeignMailbox | undefined,
): readonly Addition[] {
  const uidOf = ({ base }: Newcomer): number => foreign?.uids.get(base) ?? Number.POSITIVE_INFINITY
  const ordered = foreign === undefined ? newcomers : newcomers.toSorted((a, b) => uidOf(a) - uidOf(b) || 0)
  let next = table.uidNext
  const additions = ordered.map((newcomer): Addition => {
    const { base, location, size, internalDate, savedDate } = newcomer
    const uid = foreign?.uids.get(base) ?? next++
    const uidl = foreign?.pop3Uidls.get(base)
    const facts = [uid, base, location, size, internalDate, savedDate] as const
    if (foreign === undefined) return [...facts, []]
    const keywords = foreignKeywords(foreign, newcomer)
    return uidl === undefined ? [...facts, keywords] : [...facts, keywords, uidl]
  })
  if (next > highestUid) throw new UnavailableError('the mailbox has no UIDs left')
  return additions
}

/** Keywords that the other server kept in a list of its own, or as letters in the file's name. */
function foreignKeywords({ keywords }: ForeignMailbox, { base, location }: Newcomer): readonly string[] {
  const letters = [...lettersAt(location)].flatMap((letter) => keywords.ofLetter.get(letter) ?? [])
  return canonicalFlags([...(keywords.ofMessage.get(base) ?? []), ...letters]) ?? []
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
    const size = sizeInMaildirFileName(located.base) ?? (await measure(context, file, status))
    const { base } = located
    // Also when the index is made anew: a message came when its name was made, where that can be read from it.
    const savedDate = maildirDeliveryTime(base, Math.floor(status.ctimeMs / 1000)).seconds * 1000
    // File systems keep times for which there is no date.
    const internalDate = isTime(status.mtimeMs) ? Math.round(status.mtimeMs) : savedDate
    return { base, location: locationOf(located), size, internalDate, savedDate }
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
