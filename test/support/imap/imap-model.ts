import { type FetchItems, numbersOf, type Response } from './grammar/index.ts'

/** A server told a client something that cannot be. */
export class ModelFault extends Error {}

export function demand(holds: boolean, problem: () => string): asserts holds {
  if (!holds) throw new ModelFault(problem())
}

/** A message as a client knows it; undefined is what it was never told. */
export interface KnownMessage {
  uid: number | undefined
  /** Sorted, as one text. */
  flags: string | undefined
  isRecent: boolean | undefined
}

const recent = '\\Recent'

/** Flags as one text that is the same for the same flags; what is recent differs from session to session. */
export function flagText(flags: readonly string[]): string {
  return flags
    .filter((flag) => flag !== recent)
    .toSorted()
    .join(' ')
}

/**
 * What a client must take for true of the mailbox that it has selected, from what it was told and nothing else. A client
 * that never asks again knows the same as one that asks for everything: that is what `expectAnswers` is for.
 */
export class MailboxModel {
  readonly messages: KnownMessage[] = []
  readonly #byUid: boolean
  /** Messages whose flags are being asked for, and were not told yet. */
  #asked = new Set<KnownMessage>()
  #answers = new Map<number, string>()
  readonly #isGone: (uid: number) => void
  readonly #gone = new Set<number>()

  /** `byUid`: the client knows no message numbers (RFC 9586). `isGone` is told of UIDs that are gone. */
  constructor(byUid: boolean, isGone: (uid: number) => void) {
    this.#byUid = byUid
    this.#isGone = isGone
  }

  get uids(): readonly number[] {
    return this.messages.flatMap(({ uid }) => uid ?? [])
  }

  /** How many messages the client knows nothing of but that they are there. */
  get strangers(): number {
    return this.messages.filter(({ uid }) => uid === undefined).length
  }

  messageOf(uid: number): KnownMessage | undefined {
    return this.messages.find((message) => message.uid === uid)
  }

  /** The sequence number of a message that is known. */
  numberOf(uid: number): number {
    return this.messages.findIndex((message) => message.uid === uid) + 1
  }

  /** The flags of all are being asked for: what is told first of each message is what the client knows already. */
  expectAnswers(): void {
    this.#asked = new Set(this.messages)
    this.#answers = new Map()
  }

  /** Flags by UID as they were answered; where the answer `isWhole`, of all messages. */
  answers(isWhole: boolean): ReadonlyMap<number, string> {
    const left = [...this.#asked].filter((message) => this.messages.includes(message))
    this.#asked = new Set()
    demand(left.length === 0 || !isWhole, () => `${left.length} messages were asked for and not told of`)
    return this.#answers
  }

  apply(response: Response): void {
    switch (response.kind) {
      case 'exists':
        while (this.messages.length < response.number)
          this.messages.push({ uid: undefined, flags: undefined, isRecent: undefined })
        break
      case 'recent':
        this.#counted(response.number)
        break
      case 'expunge':
        this.#remove(response.number - 1)
        break
      case 'vanished':
        if (!response.earlier) for (const uid of numbersOf(response.uids)) this.#vanish(uid)
        break
      case 'fetch':
        if (response.byUid)
          this.#fetched(this.#placeOf(response.number), { ...response.items, uid: response.number })
        else this.#fetched(response.number - 1, response.items)
        break
      default:
    }
  }

  #counted(number: number): void {
    const known = this.messages.filter(({ isRecent }) => isRecent === true).length
    const possible = this.messages.filter(({ isRecent }) => isRecent !== false).length
    demand(
      known <= number && number <= possible,
      () => `${number} are recent, and the client takes at least ${known} for it and at most ${possible}`,
    )
  }

  #remove(index: number): void {
    const [message] = this.messages.splice(index, 1)
    if (message?.uid === undefined) return
    this.#gone.add(message.uid)
    this.#isGone(message.uid)
  }

  #vanish(uid: number): void {
    const index = this.#placeOf(uid)
    const message = this.messages[index]
    if (message !== undefined) message.uid = uid
    this.#remove(index)
  }

  /** Where a UID is, or a message that can have it: numbers ascend. */
  #placeOf(uid: number): number {
    const known = this.messages.findIndex((message) => message.uid === uid)
    if (known >= 0) return known
    const place = this.#byUid ? this.#strangerMoved(uid) : this.#strangerAt(uid)
    demand(place >= 0, () => `UID ${uid} is told of and not there`)
    return place
  }

  /** One that nothing is known of, between those with lower and with higher UIDs. */
  #strangerAt(uid: number): number {
    const after = this.messages.findLastIndex((message) => message.uid !== undefined && message.uid < uid)
    const stranger = this.messages.findIndex((message, index) => index > after && message.uid === undefined)
    const before = this.messages.findIndex((message) => message.uid !== undefined && message.uid > uid)
    return before >= 0 && stranger > before ? -1 : stranger
  }

  /** Without numbers it may be any that nothing is known of: it is put where it belongs. */
  #strangerMoved(uid: number): number {
    const stranger = this.messages.findIndex((message) => message.uid === undefined)
    if (stranger < 0) return -1
    const [message] = this.messages.splice(stranger, 1)
    const next = this.messages.findIndex((other) => other.uid === undefined || other.uid > uid)
    const place = next < 0 ? this.messages.length : next
    if (message !== undefined) this.messages.splice(place, 0, message)
    return place
  }

  #fetched(index: number, { uid, flags }: FetchItems): void {
    const message = this.messages[index]
    demand(message !== undefined, () => `message ${index + 1} is told of and not there`)
    if (uid !== undefined) this.#hasUid(index, message, uid)
    if (flags === undefined) return
    const isRecent = flags.includes(recent)
    demand((message.isRecent ?? isRecent) === isRecent, () => `UID ${message.uid} is recent or not`)
    message.isRecent = isRecent
    const text = flagText(flags)
    if (this.#asked.delete(message)) {
      demand(
        (message.flags ?? text) === text,
        () => `UID ${message.uid} has (${text}), and the client takes it for (${message.flags})`,
      )
      this.#answers.set(message.uid ?? 0, text)
    }
    message.flags = text
  }

  #hasUid(index: number, message: KnownMessage, uid: number): void {
    demand(
      message.uid === undefined || message.uid === uid,
      () => `message ${index + 1} was UID ${message.uid} and is UID ${uid}`,
    )
    demand(!this.#gone.has(uid), () => `UID ${uid} was gone and is back`)
    message.uid = uid
    const [before, after] = [this.messages[index - 1]?.uid, this.messages[index + 1]?.uid]
    demand(
      (before ?? 0) < uid && uid < (after ?? Number.POSITIVE_INFINITY),
      () => `UID ${uid} stands between ${before} and ${after}`,
    )
    demand(this.numberOf(uid) === index + 1, () => `UID ${uid} is there twice`)
  }
}
