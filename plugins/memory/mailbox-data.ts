import type { FlagChange, MessageEntry } from 'mailwright'
import { changedFlags } from './flags.ts'

/** A message as it is kept. Values are never changed, only replaced, so that views may hold them. */
export interface KeptMessage {
  readonly entry: MessageEntry
  readonly octets: Buffer
}

/** What is known of a message before it is in a mailbox. */
export type NewMessage = Pick<MessageEntry, 'id' | 'flags' | 'internalDate'> & { readonly octets: Buffer }

/** One mailbox's messages. Every change is one synchronous step: nobody can see half of it. */
export class MailboxData {
  name: string
  readonly uidValidity: number
  uidNext = 1
  highestModSequence = 1
  /** In the order of the UIDs, for they only ascend. */
  readonly #messages = new Map<number, KeptMessage>()

  constructor(name: string, uidValidity: number) {
    this.name = name
    this.uidValidity = uidValidity
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

  /** Adds messages, all with one mod-sequence, and answers their UIDs. */
  add(messages: readonly NewMessage[]): readonly number[] {
    if (messages.length === 0) return []
    const modSequence = ++this.highestModSequence
    return messages.map(({ octets, ...known }) => {
      const uid = this.uidNext++
      this.#messages.set(uid, {
        octets,
        entry: Object.freeze({ ...known, uid, size: octets.length, modSequence }),
      })
      return uid
    })
  }

  /** Removes messages that exist. */
  remove(uids: readonly number[]): void {
    if (uids.length === 0) return
    this.highestModSequence++
    for (const uid of uids) this.#messages.delete(uid)
  }

  /** Changes flags of messages that exist; answers the UIDs whose flags are others now. */
  changeFlags(uids: readonly number[], change: FlagChange): readonly number[] {
    const modSequence = this.highestModSequence + 1
    const changed: KeptMessage[] = []
    for (const uid of uids) {
      const message = this.#messages.get(uid)
      if (message === undefined) continue
      const flags = changedFlags(message.entry.flags, change)
      if (flags.join(' ') === message.entry.flags.join(' ')) continue
      changed.push({ ...message, entry: Object.freeze({ ...message.entry, flags, modSequence }) })
    }
    for (const message of changed) this.#messages.set(message.entry.uid, message)
    if (changed.length > 0) this.highestModSequence = modSequence
    return changed.map((message) => message.entry.uid)
  }
}
