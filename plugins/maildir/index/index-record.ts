import type { MessageEntry } from 'mailwright'
import { type MaildirFileName, maildirFlags, parseMaildirFileName } from 'mailwright/formats'
import { printableName } from '../files/printable-name.ts'
import type { Located } from '../files/scan.ts'

/** Where something about a message lies in a side file: offset and length of its frame in octets. */
export interface SideReference {
  readonly offset: number
  readonly length: number
}

/** What the index knows of a message under its UID. Never changed, only replaced, so that views may hold the entry. */
export interface IndexRecord {
  readonly entry: MessageEntry
  /** The file's name without flags. */
  readonly base: string
  /** Where the file was last seen: `new/` or `cur/`, and what stood behind the base. */
  readonly location: string
  /** In the order of the mailbox's list of keywords. */
  readonly keywords: readonly string[]
  readonly summary: SideReference | undefined
  readonly signature: SideReference | undefined
}

/** The facts that make a record. */
export interface RecordFacts {
  readonly uid: number
  readonly base: string
  readonly location: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly internalDate: number
  readonly savedDate: number
  readonly modSequence: number
  readonly keywords: readonly string[]
  readonly uidl?: string | undefined
  /** Where it is another one than the base name gives. */
  readonly emailId?: string | undefined
  readonly summary?: SideReference | undefined
  readonly signature?: SideReference | undefined
}

// Few combinations occur in a mailbox of many messages; each is one array.
const knownFlags = new Map<string, readonly string[]>()
const mostKnownFlags = 4096
// Lists of keywords may have hundreds, and many messages have the same one: by list and location.
const flagsOfLists = new WeakMap<readonly string[], Map<string, readonly string[]>>()

export function makeRecord(facts: RecordFacts): IndexRecord {
  const { uid, base, location, size, modSequence, keywords, uidl, emailId, summary, signature } = facts
  const entry: MessageEntry = {
    uid,
    id: emailId ?? emailIdOf(base),
    ...(uidl !== undefined && { uidl }),
    size,
    flags: flagsAt(location, keywords),
    internalDate: new Date(facts.internalDate),
    savedDate: new Date(facts.savedDate),
    modSequence,
  }
  return { entry, base, location, keywords, summary, signature }
}

/** The id that a message has by its name: none but a copy has another one (RFC 8474 §5.1). */
export function emailIdOf(base: string): string {
  return printableName(base)
}

/** The same message with other facts. */
export function changedRecord(
  record: IndexRecord,
  changes: Partial<Pick<RecordFacts, 'location' | 'keywords' | 'modSequence' | 'summary' | 'signature'>>,
): IndexRecord {
  const { location = record.location, keywords = record.keywords, modSequence } = changes
  const { summary = record.summary, signature = record.signature } = changes
  const flags = flagsAt(location, keywords)
  const same =
    flags === record.entry.flags && (modSequence ?? record.entry.modSequence) === record.entry.modSequence
  const entry = same
    ? record.entry
    : { ...record.entry, flags, modSequence: modSequence ?? record.entry.modSequence }
  return { entry, base: record.base, location, keywords, summary, signature }
}

/** `new/` or `cur/` with what stands behind the base name. */
export function locationOf({ directory, fileName, base }: Located): string {
  return `${directory}/${fileName.slice(base.length)}`
}

/** The file at a location. */
export function locatedAt(base: string, location: string): Located {
  const fileName = base + location.slice(4)
  const name: MaildirFileName = parseMaildirFileName(fileName) ?? { base, letters: '', rest: '' }
  return { ...name, base, directory: location.startsWith('new') ? 'new' : 'cur', fileName }
}

/** The flags that the file's name stands for; flags of two locations with the same meaning are the same array. */
function flagsAt(location: string, keywords: readonly string[]): readonly string[] {
  if (keywords.length === 0) return spelledFlags(location, location, keywords)
  const byLocation = flagsOfLists.get(keywords) ?? new Map<string, readonly string[]>()
  const known = byLocation.get(location)
  if (known !== undefined) return known
  // No name of a file and no keyword has this octet: none of them can pass for another's key.
  const flags = spelledFlags(`${location}\0${keywords.join(' ')}`, location, keywords)
  if (byLocation.size < mostKnownFlags) flagsOfLists.set(keywords, byLocation.set(location, flags))
  return flags
}

function spelledFlags(key: string, location: string, keywords: readonly string[]): readonly string[] {
  const known = knownFlags.get(key)
  if (known !== undefined) return known
  const flags = [...maildirFlags(lettersAt(location)), ...keywords].sort()
  const spelled = `\0${flags.join(' ')}`
  const same = knownFlags.get(spelled) ?? flags
  if (knownFlags.size >= mostKnownFlags) knownFlags.clear()
  knownFlags.set(spelled, same)
  knownFlags.set(key, same)
  return same
}

/** The flag letters in a location. */
export function lettersAt(location: string): string {
  return parseMaildirFileName(`x${location.slice(4)}`)?.letters ?? ''
}
