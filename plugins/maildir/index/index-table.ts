import type { MessageEntry } from 'mailwright'
import type { IndexChange } from './index-change.ts'
import { changedRecord, type IndexRecord, makeRecord } from './index-record.ts'

/** A UID that is gone, and the mod-sequence at which it went. */
export interface Vanished {
  readonly uid: number
  readonly modSequence: number
}

/** Everything that the index of a mailbox says. */
export interface TableFacts {
  /** Stays when the mailbox is renamed. */
  readonly id: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly modSequence: number
  /** What vanished at or before this mod-sequence is no longer remembered. */
  readonly vanishedFloor: number
  readonly vanished: readonly Vanished[]
  /** Ascending by UID. */
  readonly records: readonly IndexRecord[]
  readonly arriving: readonly string[]
  readonly leaving: readonly string[]
}

// How many UIDs that are gone are remembered; a client that was away for longer compares all (RFC 7162 §3.2.5).
const mostVanished = 20_000

/** A mailbox's index in memory. Lists that it has handed out are never changed. */
export class IndexTable implements TableFacts {
  readonly id: string
  readonly uidValidity: number
  uidNext: number
  modSequence: number
  vanishedFloor: number
  vanished: readonly Vanished[]
  records: readonly IndexRecord[]
  arriving: readonly string[]
  leaving: readonly string[]
  #byBase: Map<string, IndexRecord> | undefined
  #entries: readonly MessageEntry[] | undefined
  #spellings: Map<string, string> | undefined
  /** Lists of keywords whose spellings are known. */
  #learned = new WeakSet<readonly string[]>()

  constructor(facts: TableFacts) {
    this.id = facts.id
    this.uidValidity = facts.uidValidity
    this.uidNext = facts.uidNext
    this.modSequence = facts.modSequence
    this.vanishedFloor = facts.vanishedFloor
    this.vanished = facts.vanished
    this.records = facts.records
    this.arriving = facts.arriving
    this.leaving = facts.leaving
  }

  get entries(): readonly MessageEntry[] {
    this.#entries ??= this.records.map(({ entry }) => entry)
    return this.#entries
  }

  get isSettled(): boolean {
    return this.arriving.length === 0 && this.leaving.length === 0
  }

  byUid(uid: number): IndexRecord | undefined {
    const at = this.#place(uid)
    const record = this.records[at]
    return record?.entry.uid === uid ? record : undefined
  }

  byBase(base: string): IndexRecord | undefined {
    this.#byBase ??= new Map(this.records.map((record) => [record.base, record]))
    return this.#byBase.get(base)
  }

  /** A keyword as it is spelled in this mailbox already, where it occurs in any case; else as it stands. */
  spell(keyword: string): string {
    if (this.#spellings === undefined) {
      this.#spellings = new Map()
      for (const { keywords } of this.records) this.#learn(keywords)
    }
    return this.#spellings.get(keyword.toLowerCase()) ?? keyword
  }

  #learn(keywords: readonly string[]): void {
    if (this.#spellings === undefined || this.#learned.has(keywords)) return
    this.#learned.add(keywords)
    for (const keyword of keywords) {
      const name = keyword.toLowerCase()
      if (!this.#spellings.has(name)) this.#spellings.set(name, keyword)
    }
  }

  /** UIDs that went after a mod-sequence, ascending; undefined where that is not remembered. */
  vanishedSince(modSequence: number): readonly number[] | undefined {
    if (modSequence < this.vanishedFloor) return undefined
    const uids: number[] = []
    for (let at = this.vanished.length - 1; at >= 0; at--) {
      const each = this.vanished[at]
      if (each === undefined || each.modSequence <= modSequence) break
      uids.push(each.uid)
    }
    return uids.sort((a, b) => a - b)
  }

  /** Makes a change. UIDs that are not there are passed over. */
  apply(change: IndexChange): void {
    this.modSequence = Math.max(this.modSequence, change.modSequence ?? 0)
    this.uidNext = Math.max(this.uidNext, change.uidNext ?? 0)
    this.vanishedFloor = Math.max(this.vanishedFloor, change.vanishedFloor ?? 0)
    if (change.renewed === true) this.#renew()
    if (change.removed !== undefined) this.#remove(change.removed)
    if (change.added !== undefined) this.#add(change.added, new Map(change.emailIds))
    this.#alter(change)
    if (change.arrived === true) this.arriving = []
    if (change.arriving !== undefined) this.arriving = [...this.arriving, ...change.arriving]
    if (change.leaving !== undefined) this.leaving = [...this.leaving, ...change.leaving]
    if (change.left !== undefined) {
      const left = new Set(change.left)
      this.leaving = this.leaving.filter((base) => !left.has(base))
    }
  }

  #renew(): void {
    const { modSequence } = this
    this.#byBase = undefined
    this.#replace(this.records.map((record) => changedRecord(record, { modSequence })))
  }

  #remove(uids: readonly number[]): void {
    const gone = new Set(uids)
    const { modSequence } = this
    const kept: IndexRecord[] = []
    const vanished: Vanished[] = []
    for (const record of this.records) {
      if (!gone.has(record.entry.uid)) {
        kept.push(record)
        continue
      }
      vanished.push({ uid: record.entry.uid, modSequence })
      this.#byBase?.delete(record.base)
    }
    this.#replace(kept)
    this.vanished = [...this.vanished, ...vanished]
    if (this.vanished.length <= mostVanished * 1.5) return
    const dropped = this.vanished.length - mostVanished
    this.vanishedFloor = Math.max(this.vanishedFloor, this.vanished[dropped - 1]?.modSequence ?? 0)
    this.vanished = this.vanished.slice(dropped)
  }

  #add(added: NonNullable<IndexChange['added']>, emailIds: ReadonlyMap<number, string>): void {
    const { modSequence } = this
    const last = this.records.at(-1)?.entry.uid ?? 0
    const records: IndexRecord[] = []
    for (const [uid, base, location, size, internalDate, savedDate, keywords, uidl] of added) {
      if (uid <= (records.at(-1)?.entry.uid ?? last)) continue
      const facts = { uid, base, location, size, internalDate, savedDate, keywords, uidl, modSequence }
      const record = makeRecord({ ...facts, emailId: emailIds.get(uid) })
      records.push(record)
      this.#byBase?.set(base, record)
      this.#learn(keywords)
      this.uidNext = Math.max(this.uidNext, uid + 1)
    }
    this.#replace([...this.records, ...records])
  }

  #alter({ altered = [], moved = [], summaries = [], signatures = [] }: IndexChange): void {
    if (altered.length + moved.length + summaries.length + signatures.length === 0) return
    const records = [...this.records]
    const entries = this.#entries && [...this.#entries]
    const change = (uid: number, changes: Parameters<typeof changedRecord>[1]): void => {
      const at = this.#place(uid)
      const record = records[at]
      if (record?.entry.uid !== uid) return
      const next = changedRecord(record, changes)
      records[at] = next
      if (entries !== undefined) entries[at] = next.entry
      this.#byBase?.set(next.base, next)
    }
    const { modSequence } = this
    // What was read from the file has a list for each message: neighbours that have the same keywords share it from now on.
    let keywords: readonly string[] = []
    for (const [uid, location, given] of altered) {
      if (!areEqual(keywords, given)) keywords = given
      this.#learn(keywords)
      change(uid, { location, keywords, modSequence })
    }
    for (const [uid, location] of moved) change(uid, { location })
    for (const [uid, offset, length] of summaries) change(uid, { summary: { offset, length } })
    for (const [uid, offset, length] of signatures) change(uid, { signature: { offset, length } })
    // Whoever holds the list of entries may go on with it where they are the same ones.
    if (altered.length > 0 || moved.length > 0) this.#replace(records, entries)
    else this.records = records
  }

  #replace(records: readonly IndexRecord[], entries?: readonly MessageEntry[]): void {
    this.records = records
    this.#entries = entries
  }

  /** Where the UID is in `records`, or would be. */
  #place(uid: number): number {
    let low = 0
    let high = this.records.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.records[middle]?.entry.uid ?? 0) < uid) low = middle + 1
      else high = middle
    }
    return low
  }
}

function areEqual(some: readonly string[], others: readonly string[]): boolean {
  if (some === others) return true
  return some.length === others.length && some.every((each, at) => each === others[at])
}
