import { type MessageEntry, UnavailableError } from 'mailwright'
import { type FileStamp, type MailboxIndex, type MessageRecord, sameStamp } from './index-record.ts'

/** What is known of a mailbox at one moment. */
export interface MailboxSnapshot {
  readonly id: string
  readonly uidValidity: number
  readonly uidNext: number
  /** Ascending by UID. */
  readonly entries: readonly MessageEntry[]
}

/** What makes a UID mean the same message. */
export type MailboxIdentity = Pick<MailboxIndex, 'id' | 'uidValidity'>

/** A mailbox's index in memory, as its sessions see it. */
export class KnownMailbox {
  readonly #name: string
  #index: MailboxIndex | undefined
  #byUid: ReadonlyMap<number, MessageRecord> = new Map()
  #entries = new Map<number, MessageEntry>()
  #snapshot: MailboxSnapshot | undefined
  #layout = 0

  constructor(name: string) {
    this.#name = name
  }

  /** As last taken over. */
  get index(): MailboxIndex {
    if (this.#index === undefined) throw new UnavailableError(`nothing is known of ${this.#name} yet`)
    return this.#index
  }

  /** 0 before anything is known. */
  get uidValidity(): number {
    return this.#index?.uidValidity ?? 0
  }

  /** Changes whenever messages may have moved within the file. */
  get layout(): number {
    return this.#layout
  }

  /** MAIL_E_UNAVAILABLE where UIDs do not mean any more what they meant: whoever knows some must not go on with them. */
  require({ id, uidValidity }: MailboxIdentity): void {
    if (this.#index?.uidValidity !== uidValidity || this.#index.id !== id)
      throw new UnavailableError(`the UIDs of ${this.#name} were given anew; open the mailbox again`)
  }

  /** Whether the file is as it was when the index was taken over. */
  isAsLeft(status: FileStamp): boolean {
    return this.#index !== undefined && sameStamp(this.#index.stamp, status)
  }

  record(uid: number): MessageRecord | undefined {
    return this.#byUid.get(uid)
  }

  snapshot(): MailboxSnapshot {
    const { id, uidValidity, uidNext, records } = this.index
    this.#snapshot ??= {
      id,
      uidValidity,
      uidNext,
      entries: records.map((record) => this.entry(record)).sort((a, b) => a.uid - b.uid),
    }
    return this.#snapshot
  }

  /** The entry of a record; the same object as long as it says the same. */
  entry(record: MessageRecord): MessageEntry {
    const before = this.#entries.get(record.uid)
    if (before !== undefined && before.flags.join() === record.flags.join()) return before
    const { uid, uidl, size, flags, internalDate, savedDate, digest } = record
    const entry: MessageEntry = {
      uid,
      // RFC 8474 §5.1: what has the same octets has the same id, wherever it is.
      id: digest,
      ...(uidl === undefined ? {} : { uidl }),
      size,
      flags,
      internalDate: new Date(internalDate),
      savedDate: new Date(savedDate),
      modSequence: 0,
    }
    this.#entries.set(uid, entry)
    return entry
  }

  /** Takes over an index; `moved` says whether messages may be elsewhere in the file than before. */
  take(index: MailboxIndex, moved: boolean): void {
    const before = this.#index
    if (index === before) return
    if (index.uidValidity !== before?.uidValidity || index.id !== before.id) this.#entries.clear()
    if (index.records !== before?.records) {
      this.#byUid = new Map(index.records.map((record) => [record.uid, record]))
      for (const uid of this.#entries.keys()) if (!this.#byUid.has(uid)) this.#entries.delete(uid)
    }
    if (moved) this.#layout += 1
    this.#index = index
    this.#snapshot = undefined
  }
}
