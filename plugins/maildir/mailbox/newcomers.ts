import { canonicalFlags, highestUid, UnavailableError } from 'mailwright'
import { isMissing, systemCode } from 'mailwright/disk'
import { compareMaildirDeliveryTimes, maildirDeliveryTime, sizeInMaildirFileName } from 'mailwright/formats'
import type { MaildirContext } from '../context.ts'
import type { FileStatus } from '../files/file-system.ts'
import { type Located, pathOf } from '../files/scan.ts'
import type { ForeignMailbox } from '../foreign/foreign-state.ts'
import { type Addition, isTime } from '../index/index-change.ts'
import { lettersAt, locationOf } from '../index/index-record.ts'
import type { IndexTable } from '../index/index-table.ts'

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

// Files that are looked at together, and how many of such groups at a time.
const groupSize = 64
const groupsAtATime = 4

/**
 * Looks at files that have no UID yet, in the order of their delivery. What is not a plain file is no message; what has
 * been renamed since the scan is left for the next one.
 */
export async function examineNewcomers(
  context: MaildirContext,
  path: string,
  located: readonly Located[],
): Promise<readonly Newcomer[]> {
  const newcomers: Newcomer[] = []
  let next = 0
  const examineMore = async (): Promise<void> => {
    for (let from = next; from < located.length; from = next) {
      next += groupSize
      newcomers.push(...(await examine(context, path, located.slice(from, from + groupSize))))
    }
  }
  await Promise.all(Array.from({ length: groupsAtATime }, examineMore))
  const keyed = newcomers.map((newcomer) => ({
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

/** Sizes are read from the files where their names do not tell them. */
async function examine(
  { batches }: MaildirContext,
  path: string,
  located: readonly Located[],
): Promise<readonly Newcomer[]> {
  const told: Located[] = []
  const untold: Located[] = []
  for (const each of located) (sizeInMaildirFileName(each.base) === undefined ? untold : told).push(each)
  const pathsOf = (of: readonly Located[]): readonly string[] => of.map((each) => pathOf(path, each))
  const [looked, measured] = await Promise.all([
    batches.status(pathsOf(told)),
    batches.measure(pathsOf(untold)),
  ])
  return [
    ...told.flatMap((each, at) => {
      const status = found(looked[at])
      return status?.isFile() === true ? newcomer(each, status, sizeInMaildirFileName(each.base) ?? 0) : []
    }),
    ...untold.flatMap((each, at) => {
      const { status, crlfOctets } = found(measured[at]) ?? {}
      return status === undefined || crlfOctets === undefined ? [] : newcomer(each, status, crlfOctets)
    }),
  ]
}

/** Undefined where the file is not there (any more), or is a link. */
function found<T>(result: PromiseSettledResult<T> | undefined): T | undefined {
  if (result?.status === 'fulfilled') return result.value
  const error = result?.reason
  if (isMissing(error) || systemCode(error) === 'ELOOP') return undefined
  throw error
}

function newcomer(located: Located, status: FileStatus, size: number): Newcomer {
  const { base } = located
  // Also when the index is made anew: a message came when its name was made, where that can be read from it.
  const savedDate = maildirDeliveryTime(base, Math.floor(status.ctimeMs / 1000)).seconds * 1000
  // File systems keep times for which there is no date.
  const internalDate = isTime(status.mtimeMs) ? Math.round(status.mtimeMs) : savedDate
  return { base, location: locationOf(located), size, internalDate, savedDate }
}
