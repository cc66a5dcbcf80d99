import { senderInTurn } from 'mailwright'
import type { QueuedMessage, QueuedRecipient } from '../tables/queued.ts'

/** Recipients of one message who are delivered together. */
export interface Turn {
  /** As `senderInTurn` has it. */
  readonly sender: string
  readonly message: QueuedMessage
  readonly recipients: readonly QueuedRecipient[]
}

/** The recipients of one message who wait. */
type Group = QueuedRecipient[]

/**
 * Who waits for one destination, in memory. Senders take turns, and so do the messages of each: whoever sends one message waits for
 * nobody's mailing.
 */
export class FairLine {
  readonly #senders = new Map<string, Map<number, Group>>()
  readonly #numbers = new Set<number>()

  /** Recipients. */
  get size(): number {
    return this.#numbers.size
  }

  has(number: number): boolean {
    return this.#numbers.has(number)
  }

  /** The numbers of all. */
  all(): Iterable<number> {
    return this.#numbers
  }

  /** Whether anything of a message's sender waits. */
  knows(message: QueuedMessage): boolean {
    return this.#senders.has(senderInTurn(message.envelope.reversePath))
  }

  /** Those of whom somebody waits, in the order of their turns. */
  senders(): Iterable<string> {
    return this.#senders.keys()
  }

  /** Whether so many recipients wait of senders who may have a turn. */
  hasFor(mayTake: (sender: string) => boolean, count = 1): boolean {
    let left = count
    for (const [sender, messages] of this.#senders) {
      if (!mayTake(sender)) continue
      for (const group of messages.values()) {
        left -= group.length
        if (left <= 0) return true
      }
    }
    return false
  }

  add(recipient: QueuedRecipient): void {
    if (this.#numbers.has(recipient.number)) return
    this.#numbers.add(recipient.number)
    const { number } = recipient.message
    const sender = senderInTurn(recipient.message.envelope.reversePath)
    const messages = this.#senders.get(sender) ?? new Map<number, Group>()
    this.#senders.set(sender, messages)
    const group = messages.get(number)
    if (group === undefined) messages.set(number, [recipient])
    else group.push(recipient)
  }

  /** Up to so many recipients of the message whose turn it is, of those senders who may. */
  take(most: number, mayTake: (sender: string) => boolean = () => true): Turn | undefined {
    const [sender, messages] = first(this.#senders, mayTake) ?? []
    const [number, group] = (messages && first(messages)) ?? []
    if (sender === undefined || messages === undefined || number === undefined || group === undefined)
      return undefined
    const recipients = group.splice(0, most)
    // Whoever has had a turn goes to the end.
    messages.delete(number)
    if (group.length > 0) messages.set(number, group)
    this.#senders.delete(sender)
    if (messages.size > 0) this.#senders.set(sender, messages)
    for (const recipient of recipients) this.#numbers.delete(recipient.number)
    const [{ message } = { message: undefined }] = recipients
    return message === undefined ? undefined : { sender, message, recipients }
  }

  /** Forgets all; answers how many it were. */
  clear(): number {
    const { size } = this
    this.#senders.clear()
    this.#numbers.clear()
    return size
  }
}

function first<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  fits: (key: Key) => boolean = () => true,
): readonly [Key, Value] | undefined {
  for (const entry of map) if (fits(entry[0])) return entry
  return undefined
}
