import { type FlagChange, type MessageEntry, type SpecialUse, UnavailableError } from 'mailwright'
import { Annotations } from './annotations.ts'
import { flagsAfter } from './flags.ts'

// RFC 9051 §9, nz-number. The last one is never given, so that UIDNEXT is always one, too.
const uidLimit = 4_294_967_295

/** A message as it is kept. Values are never changed, only replaced, so that views may hold them. */
export interface KeptMessage {
  readonly entry: MessageEntry
  readonly octets: Buffer
}

/** What is known of a message before it is in a mailbox. */
export type NewMessage = Pick<MessageEntry, 'id' | 'flags' | 'internalDate' | 'uidl'> & {
  readonly octets: Buffer
  /** The UID that it should have. */
  readonly uid?: number | undefined
}

/** One mailbox's messages and annotations. Every change is one synchronous step: nobody can see half of it. */
export class MailboxData {
  name: string
  specialUse: SpecialUse | undefined
  readonly id: string
  readonly uidValidity: number
  readonly annotations: Annotations = new Annotations()
  uidNext = 1
  /** It was deleted; views of it are there still. */
  isGone = false
  highestModSequence = 1
  /** In the order of the UIDs, for they only ascend. */
  readonly #messages = new Map<number, KeptMessage>()
  /** The mod-sequence at which each UID was expunged, oldest first. */
  readonly #vanished = new Map<number, number>()
  readonly #changed: (name: string) => void

  /** `changed` is called after every change of messages. */
  constructor(name: string, uidValidity: number, changed: (name: string) => void) {
    this.name = name
    this.uidValidity = uidValidity
    // RFC 8474 §4: no other mailbox ever has it, as none has its UIDVALIDITY.
    this.id = `b${uidValidity}`
    this.#changed = changed
  }

  get messages(): readonly KeptMessage[] {
    return [...this.#messages.values()]
  }

  get entries(): readonly MessageEntry[] {
    return this.messages.map((message) => message.entry)
  }

  get size(): number {
    return this.messages.reduce((sum, message) => sum + message.entry.size, 0)
  }

  find(uid: number): KeptMessage | undefined {
    return this.#messages.get(uid)
  }

  /** Those of the UIDs that exist, ascending, each once. */
  existing(uids: readonly number[]): readonly number[] {
    return [...new Set(uids)].filter((uid) => this.#messages.has(uid)).sort((a, b) => a - b)
  }

  /** UIDs that were expunged after a mod-sequence, ascending. */
  vanishedSince(modSequence: number): readonly number[] {
    const vanished = [...this.#vanished].filter(([, at]) => at > modSequence)
    return vanished.map(([uid]) => uid).sort((a, b) => a - b)
  }

  /** Adds messages, all with one mod-sequence, and answers their UIDs. */
  add(messages: readonly NewMessage[], savedDate: Date): readonly number[] {
    if (messages.length === 0) return []
    const uids = this.#nextUids(messages)
    const modSequence = ++this.highestModSequence
    for (const [index, { octets, ...facts }] of messages.entries()) {
      const uid = uids[index] ?? this.uidNext
      this.uidNext = uid + 1
      const known = { ...facts, uid, size: octets.length, savedDate, modSequence }
      this.#messages.set(uid, { octets, entry: Object.freeze(known) })
    }
    this.#changed(this.name)
    return uids
  }

  /** Removes messages that exist. */
  remove(uids: readonly number[]): void {
    if (uids.length === 0) return
    const modSequence = ++this.highestModSequence
    for (const uid of uids) {
      this.#messages.delete(uid)
      this.#vanished.set(uid, modSequence)
    }
    this.#changed(this.name)
  }

  /** Changes flags of messages that exist; answers the UIDs whose flags are others now. */
  changeFlags(uids: readonly number[], change: FlagChange): readonly number[] {
    const modSequence = this.highestModSequence + 1
    const changed: KeptMessage[] = []
    for (const uid of uids) {
      const message = this.#messages.get(uid)
      if (message === undefined) continue
      const flags = flagsAfter(message.entry.flags, change)
      if (flags.join(' ') === message.entry.flags.join(' ')) continue
      changed.push({ ...message, entry: Object.freeze({ ...message.entry, flags, modSequence }) })
    }
    if (changed.length === 0) return []
    for (const message of changed) this.#messages.set(message.entry.uid, message)
    this.highestModSequence = modSequence
    this.#changed(this.name)
    return changed.map((message) => message.entry.uid)
  }

  /** A UID for each message: the one that it should have where that can still be given, else the next. */
  #nextUids(messages: readonly NewMessage[]): readonly number[] {
    let next = this.uidNext
    const uids = messages.map(({ uid = 0 }) => {
      const given = Number.isInteger(uid) && uid >= next && uid < uidLimit ? uid : next
      next = given + 1
      return given
    })
    if (next > uidLimit) throw new UnavailableError(`no UIDs are left in ${JSON.stringify(this.name)}`)
    return uids
  }
}
