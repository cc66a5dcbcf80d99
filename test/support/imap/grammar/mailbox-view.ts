import type { AccountKnowledge } from './account-knowledge.ts'
import type { FetchItems } from './fetch.ts'
import { demand } from './protocol-violation.ts'
import { countOf, type NumberSet, numbersOf } from './values.ts'

interface Message {
  uid: number | undefined
  modSequence: bigint
  /** Whether it came while the mailbox was selected; undefined where nobody can tell any more. */
  readonly isNew: boolean | undefined
}

/** The mailbox that a session has selected, as its responses describe it. */
export class MailboxView {
  readonly mailbox: string
  /** Whether its mod-sequences are kept (RFC 7162 §3.1.2.2). */
  hasModSequences = true
  readonly #knowledge: AccountKnowledge
  #messages: Message[] = []
  #isSized = false
  #uidNext: bigint | undefined
  #hasNewUids = false

  constructor(mailbox: string, knowledge: AccountKnowledge) {
    this.mailbox = mailbox
    this.#knowledge = knowledge
  }

  /** How many messages the client knows of. */
  get count(): number {
    return this.#messages.length
  }

  /** UIDs by message sequence number, as far as they were told. */
  get uids(): readonly (number | undefined)[] {
    return this.#messages.map(({ uid }) => uid)
  }

  hasUidNext(value: bigint): void {
    this.#uidNext ??= value
    this.#knowledge.hasUidNext(this.mailbox, value)
  }

  /** EXISTS never says less than before: only EXPUNGE and VANISHED do (RFC 9051 §7.4.1). */
  exists(count: number): void {
    demand(count >= this.count, `EXISTS ${count} after ${this.count}, without EXPUNGE`)
    while (this.count < count) this.#messages.push({ uid: undefined, modSequence: 0n, isNew: this.#isSized })
    this.#isSized = true
  }

  expunge(number: number): void {
    this.#demandKnown(number, 'EXPUNGE')
    const [message] = this.#messages.splice(number - 1, 1)
    if (message?.uid !== undefined) this.#knowledge.expunged(this.mailbox, message.uid)
  }

  /** VANISHED without EARLIER names messages that were there (RFC 7162 §3.2.10.2). */
  vanished(uids: NumberSet): void {
    const gone = new Set(numbersOf(uids))
    const left = this.#messages.filter(({ uid }) => uid === undefined || !gone.has(uid))
    const unknown = countOf(uids) - (this.count - left.length)
    // Those whose UIDs were never told are somewhere among the rest.
    const strangers = left.filter(({ uid }) => uid === undefined).length
    demand(unknown <= strangers, `VANISHED names ${unknown} UIDs that are not in the mailbox`)
    const nobody = { uid: undefined, modSequence: 0n, isNew: undefined }
    this.#messages = unknown === 0 ? left : left.slice(unknown).map(() => ({ ...nobody }))
    for (const uid of gone) this.#knowledge.expunged(this.mailbox, uid)
  }

  fetch(number: number, items: FetchItems): void {
    this.#demandKnown(number, 'FETCH')
    const message = this.#messages[number - 1]
    if (message === undefined) return
    if (items.uid !== undefined) this.#hasUid(number, message, items.uid)
    if (items.modSequence !== undefined) {
      demand(
        items.modSequence >= message.modSequence,
        `MODSEQ of message ${number} was ${message.modSequence} and is ${items.modSequence}`,
      )
      message.modSequence = items.modSequence
    }
    if (message.uid !== undefined) this.#hasFacts(message.uid, items)
  }

  /** UIDFETCH: nothing tells the message sequence number (RFC 9586 §3.3). */
  fetchByUid(uid: number, items: FetchItems): void {
    demand(items.uid === undefined || items.uid === uid, `UIDFETCH of ${uid} tells another UID`)
    this.#knowledge.isThere(this.mailbox, uid)
    this.#hasFacts(uid, items)
  }

  /** A search found a message. */
  found(number: number, isUid: boolean): void {
    if (isUid) this.#knowledge.isThere(this.mailbox, number)
    else this.#demandKnown(number, 'a search')
  }

  /** UIDs are strictly ascending (RFC 9051 §2.3.1.1). */
  checkOrder(): void {
    if (!this.#hasNewUids) return
    this.#hasNewUids = false
    let last = 0
    for (const [index, { uid }] of this.#messages.entries()) {
      if (uid === undefined) continue
      demand(uid > last, `message ${index + 1} has UID ${uid}, and one before it UID ${last}`)
      last = uid
    }
  }

  #demandKnown(number: number, what: string): void {
    demand(number <= this.count, `${what} of message ${number} where ${this.count} exist`)
  }

  #hasUid(number: number, message: Message, uid: number): void {
    if (message.uid === uid) return
    demand(message.uid === undefined, `message ${number} had UID ${message.uid} and has ${uid}`)
    this.#knowledge.isThere(this.mailbox, uid)
    if (this.#uidNext !== undefined && message.isNew !== undefined)
      demand(
        message.isNew ? uid >= this.#uidNext : uid < this.#uidNext,
        `${message.isNew ? 'a new' : 'an old'} message has UID ${uid}, and UIDNEXT was ${this.#uidNext}`,
      )
    message.uid = uid
    this.#hasNewUids = true
  }

  #hasFacts(uid: number, { size, internalDate, emailId, threadId }: FetchItems): void {
    for (const [name, value] of Object.entries({ size, internalDate, emailId, threadId }))
      if (value !== undefined) this.#knowledge.hasFact(this.mailbox, uid, name, String(value))
  }
}
