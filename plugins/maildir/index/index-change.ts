import { highestUid } from 'mailwright'

/** A message that the index gets to know. */
export type Addition = readonly [
  uid: number,
  base: string,
  location: string,
  size: number,
  internalDate: number,
  savedDate: number,
  keywords: readonly string[],
  uidl?: string,
]

/** The e-mail id of an added message, where it is another one than its base name gives. */
export type GivenId = readonly [uid: number, emailId: string]

/** A message's new location and keywords. */
export type Alteration = readonly [uid: number, location: string, keywords: readonly string[]]

/** What a side file has of a message: UID, offset, length. */
export type Reference = readonly [uid: number, offset: number, length: number]

/** One change of a mailbox's index: it happens as a whole or not at all. */
export interface IndexChange {
  /** The highest mod-sequence from now on; that of every message named in `added`, `altered` and `removed`. */
  readonly modSequence?: number
  readonly uidNext?: number
  /** What vanished up to this mod-sequence is not known any more. */
  readonly vanishedFloor?: number
  /** All messages count as changed: somebody may know other flags of them. */
  readonly renewed?: true
  readonly added?: readonly Addition[]
  /** Of those in `added` that came from elsewhere and are called there what they are called here. */
  readonly emailIds?: readonly GivenId[]
  readonly altered?: readonly Alteration[]
  /** Messages whose files have other names now, and are otherwise what they were. */
  readonly moved?: readonly (readonly [uid: number, location: string])[]
  /** UIDs of messages that are gone, ascending. */
  readonly removed?: readonly number[]
  /** File names in `tmp` that are part of the mailbox now and have to be moved into `cur`. */
  readonly arriving?: readonly string[]
  /** Base names of files that are to be removed. */
  readonly leaving?: readonly string[]
  /** What was arriving has arrived. */
  readonly arrived?: true
  /** Base names of `leaving` that are removed. */
  readonly left?: readonly string[]
  readonly summaries?: readonly Reference[]
  readonly signatures?: readonly Reference[]
}

/** What could not be read again is not written: it throws a TypeError. */
export function encodeChange(change: IndexChange): Buffer {
  if (!isChange(change)) throw new TypeError('not a change of an index')
  return Buffer.from(JSON.stringify(change))
}

/** Reads what {@link encodeChange} wrote. Undefined for anything else, for a file may hold anything. */
export function decodeChange(octets: Buffer): IndexChange | undefined {
  let value: unknown
  try {
    value = JSON.parse(octets.toString())
  } catch {
    return undefined
  }
  return isChange(value) ? value : undefined
}

/** What a change has given, without what it was about: that is not given again. */
export function passedOver({ uidNext, modSequence }: IndexChange): IndexChange {
  return { ...(uidNext !== undefined && { uidNext }), ...(modSequence !== undefined && { modSequence }) }
}

/** A change after one that is lost, but that somebody may have been told of: whoever was has to look at everything. */
export function doubted({ modSequence, ...others }: IndexChange): IndexChange {
  if (modSequence === undefined) return others
  const next = modSequence + 1
  return { ...others, modSequence: next, vanishedFloor: next, renewed: true }
}

function isChange(value: unknown): value is IndexChange {
  if (typeof value !== 'object' || value === null) return false
  const change = value as Record<keyof IndexChange, unknown>
  return (
    isOptional(change.modSequence, isCount) &&
    isOptional(change.uidNext, isCount) &&
    isOptional(change.vanishedFloor, isCount) &&
    [change.arrived, change.renewed].every((flag) => isOptional(flag, (value) => value === true)) &&
    isOptional(change.added, (rows) => isRows(rows, isAddition)) &&
    isOptional(change.emailIds, (rows) => isRows(rows, ([uid, id]) => isUid(uid) && isEmailId(id))) &&
    isOptional(change.altered, (rows) => isRows(rows, isAlteration)) &&
    isOptional(change.moved, (rows) =>
      isRows(rows, ([uid, location]) => isUid(uid) && isLocation(location)),
    ) &&
    isOptional(change.removed, (uids) => Array.isArray(uids) && uids.every(isUid)) &&
    [change.arriving, change.leaving, change.left].every((names) => isOptional(names, isNames)) &&
    [change.summaries, change.signatures].every((rows) =>
      isOptional(rows, (each) => isRows(each, (row) => isUid(row[0]) && isCount(row[1]) && isCount(row[2]))),
    )
  )
}

function isAddition([
  uid,
  base,
  location,
  size,
  internal,
  saved,
  keywords,
  uidl,
]: readonly unknown[]): boolean {
  return (
    isUid(uid) &&
    isName(base) &&
    isLocation(location) &&
    isCount(size) &&
    isTime(internal) &&
    isTime(saved) &&
    isKeywords(keywords) &&
    isOptional(uidl, (text) => typeof text === 'string')
  )
}

function isAlteration([uid, location, keywords]: readonly unknown[]): boolean {
  return isUid(uid) && isLocation(location) && isKeywords(keywords)
}

function isOptional(value: unknown, is: (value: unknown) => boolean): boolean {
  return value === undefined || is(value)
}

function isRows(rows: unknown, is: (row: readonly unknown[]) => boolean): boolean {
  return Array.isArray(rows) && rows.every((row) => Array.isArray(row) && is(row))
}

export function isUid(value: unknown): value is number {
  return isCount(value) && value > 0 && value <= highestUid
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

// Further from 1970 there is no Date.
const furthestTime = 8.64e15

/** Milliseconds since 1970 that make a date. */
export function isTime(value: unknown): value is number {
  return Number.isFinite(value) && Math.abs(value as number) <= furthestTime
}

/** A message's id: printable, and no longer than what a file's name can give. */
export function isEmailId(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,1024}$/.test(value)
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isName)
}

function isKeywords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

/** A file's name: it leads nowhere else. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/[/\0]/.test(value)
}

/** `new/` or `cur/`, and what stands behind the base name. */
export function isLocation(value: unknown): value is string {
  return typeof value === 'string' && /^(?:new|cur)\/[^/\0]*$/.test(value)
}
