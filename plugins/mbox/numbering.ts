import { UnavailableError } from 'mailwright'
import { formatBase } from 'mailwright/formats'
import type { MailboxIndex, MessageRecord } from './index-record.ts'
import { matchMessages } from './matching.ts'
import { blankPatch, fieldPatch, type Patch } from './patch.ts'
import type { FileHead, SeenMessage, Sight } from './sight.ts'

/** The highest UID that is taken from elsewhere: the rest is left for those that follow. */
const highestAdopted = 4_294_000_000
const highestUid = 4_294_967_295

/** What numbers a mailbox's messages: the part of the index that is not about the file. */
export interface Numbers extends Pick<MailboxIndex, 'id' | 'uidValidity' | 'uidNext' | 'records'> {}

/** Messages that the caller has just put there, all that is new. */
export interface Arrival {
  /** Milliseconds since 1970. */
  readonly savedDate: number
  /** The UIDs that they should have, in their order. */
  readonly wanted: readonly (number | undefined)[]
}

/** The messages of a mailbox, numbered. */
export interface Numbered {
  readonly records: readonly MessageRecord[]
  readonly uidNext: number
  readonly added: readonly MessageRecord[]
  readonly gone: readonly MessageRecord[]
  /** Those whose flags others have changed. */
  readonly flagged: readonly MessageRecord[]
  /** Those of the added that other programs have put there. */
  readonly foreign: readonly MessageRecord[]
  /** What has to be changed in the file so that it says the same. */
  readonly patches: readonly Patch[]
}

/**
 * Numbers from the file itself, for a mailbox that has no index: what UW-imapd, Dovecot, alpine or we have written
 * there. Undefined where the file does not tell, or where its numbers cannot be right.
 */
export function numbersOfFile({
  messages,
  head,
}: Sight): Pick<Numbers, 'uidValidity' | 'uidNext'> | undefined {
  const base = head?.base
  if (base === undefined || base.lastUid >= highestAdopted) return undefined
  let previous = 0
  for (const { uid } of messages.seen) {
    if (uid === undefined) continue
    if (uid <= previous || uid > base.lastUid) return undefined
    previous = uid
  }
  return { uidValidity: base.uidValidity, uidNext: base.lastUid + 1 }
}

/** Gives each message that a look has found the number it has, or a new one. */
export function numberMessages(sight: Sight, numbers: Numbers, options: NumberingOptions): Numbered {
  const { kind, seen } = sight.messages
  const isNew = kind === 'new' || options.adopting
  const matches = isNew ? [] : matchMessages(numbers.records, seen)
  const numberer = new Numberer(sight, numbers, options)
  const present: MessageRecord[] = []
  const patches: Patch[] = []
  for (const [place, message] of seen.entries()) {
    const before = matches[place]
    const record = before === undefined ? numberer.number(message) : numberer.keep(message, before)
    present.push(record)
    patches.push(...numberPatches(message, record.uid, sight.head))
  }
  const { uidNext, added, foreign, flagged } = numberer
  const matched = new Set(matches.map((record) => record?.uid))
  return {
    records:
      kind === 'all' ? present : present.length === 0 ? numbers.records : [...numbers.records, ...present],
    uidNext,
    added,
    gone: kind === 'all' ? numbers.records.filter(({ uid }) => !matched.has(uid)) : [],
    flagged,
    foreign,
    patches: [...patches, ...basePatches(sight.head, numbers.uidValidity, uidNext - 1)],
  }
}

export interface NumberingOptions {
  /** Whether the numbers in the file are believed as they stand, for there is no index to tell otherwise. */
  readonly adopting: boolean
  /** Milliseconds since 1970. */
  readonly now: number
  readonly arrival?: Arrival | undefined
}

class Numberer {
  readonly added: MessageRecord[] = []
  readonly foreign: MessageRecord[] = []
  readonly flagged: MessageRecord[] = []
  uidNext: number
  readonly #uidls: Set<string | undefined>
  readonly #sight: Sight
  readonly #numbers: Numbers
  readonly #options: NumberingOptions

  constructor(sight: Sight, numbers: Numbers, options: NumberingOptions) {
    this.#sight = sight
    this.#numbers = numbers
    this.#options = options
    this.uidNext = numbers.uidNext
    this.#uidls = new Set(numbers.records.map(({ uidl }) => uidl))
  }

  /** A message that is known, where it is now. */
  keep({ start, messageStart, messageEnd, flags }: SeenMessage, before: MessageRecord): MessageRecord {
    const record = { ...before, start, messageStart, messageEnd, flags }
    if (flags.join() === before.flags.join()) return { ...record, flags: before.flags }
    this.flagged.push(record)
    return record
  }

  /** A message that nobody knows. */
  number(message: SeenMessage): MessageRecord {
    const { start, messageStart, messageEnd, size, digest, flags } = message
    const { adopting, now, arrival } = this.#options
    const seconds = (time: number): number => Math.floor(time / 1000) * 1000
    // The file was last changed when the last of them came.
    const came = seconds(Math.min(now, this.#sight.status.mtimeMs))
    const uid = this.#uid(message)
    if (uid > highestUid) throw new UnavailableError('all UIDs of a mailbox have been given')
    this.uidNext = Math.max(this.uidNext, uid + 1)
    const internalDate = message.date ?? came
    const savedDate = arrival?.savedDate ?? (adopting ? internalDate : came)
    const uidl = this.#uidl(message)
    const record = {
      uid,
      start,
      messageStart,
      messageEnd,
      size,
      internalDate,
      savedDate,
      digest,
      uidl,
      flags,
    }
    this.added.push(record)
    if (!message.fresh && arrival === undefined) this.foreign.push(record)
    return record
  }

  /** Whoever sends a message can put any name there; only what another server or an import has written is believed. */
  #uidl({ uidl }: SeenMessage): string | undefined {
    const { adopting, arrival } = this.#options
    if (uidl === undefined || !(adopting || arrival !== undefined) || this.#uidls.has(uidl)) return undefined
    this.#uidls.add(uidl)
    return uidl
  }

  #uid({ uid }: SeenMessage): number {
    const { adopting, arrival } = this.#options
    if (adopting) return uid ?? this.uidNext
    const wanted = arrival?.wanted[this.added.length]
    const isUid = (value: number): boolean =>
      Number.isInteger(value) && value >= this.uidNext && value <= highestAdopted
    if (wanted !== undefined) return isUid(wanted) ? wanted : this.uidNext
    // Another server has numbered it before us, above all that we have given: then it is the same for both.
    const base = this.#sight.head?.base
    const agreed = base?.uidValidity === this.#numbers.uidValidity && uid !== undefined && uid <= base.lastUid
    return agreed && isUid(uid) ? uid : this.uidNext
  }
}

/** Makes a message's fields say its UID or nothing, whoever has written them. */
function numberPatches(message: SeenMessage, uid: number, head: FileHead | undefined): readonly Patch[] {
  let told = false
  return message.numberFields.flatMap((field) => {
    if (field.name === 'x-uid' && !told) {
      told = true
      return field.value === String(uid) ? [] : [fieldPatch(field, String(uid)) ?? blankPatch(field)]
    }
    const isHead = head !== undefined && field.start === head.field?.start
    return isHead || field.value === '' ? [] : [blankPatch(field)]
  })
}

/** Makes the file's head say the numbers, or nothing: never less than has been given. */
function basePatches(head: FileHead | undefined, uidValidity: number, lastUid: number): readonly Patch[] {
  if (head?.field === undefined) return []
  const { base, field } = head
  if (base?.uidValidity === uidValidity && base.lastUid === lastUid) return []
  const keywords = base?.keywords ?? []
  const value = formatBase({ uidValidity, lastUid, keywords }).trimEnd()
  const patch =
    fieldPatch(field, value) ??
    fieldPatch(field, formatBase({ uidValidity, lastUid, keywords: [] }).trimEnd())
  return patch === undefined && field.value === '' ? [] : [patch ?? blankPatch(field)]
}
