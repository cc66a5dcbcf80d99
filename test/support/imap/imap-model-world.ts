import { demand } from './imap-model.ts'

/** What all clients of an account together know of its messages, and what must hold whoever is told of them. */
export class MailWorld {
  /** What a message is, by mailbox and UID. */
  readonly #labels = new Map<string, string>()
  /** Facts that never change, by mailbox, UID and name. */
  readonly #facts = new Map<string, string>()
  readonly #validities = new Map<string, bigint>()
  readonly #highest = new Map<string, number>()
  /** Those that somebody has marked as deleted: whoever expunges removes them. */
  readonly #marked = new Set<string>()
  /** What was copied to where. */
  readonly #copies = new Map<string, readonly string[]>()
  /** Those that somebody has moved elsewhere. */
  readonly #moved = new Set<string>()
  /** Those that somebody was told of as gone. */
  readonly #gone = new Set<string>()
  /** Messages of which a copy was removed by another program. */
  readonly #removed = new Set<string>()
  readonly #made = new Set<string>()

  /** A label for a message that nobody has had before. */
  newLabel(who: string): string {
    const label = `${who}-${this.#made.size + 1}`
    this.#made.add(label)
    return label
  }

  isMade(label: string): boolean {
    return this.#made.has(label)
  }

  hasValidity(mailbox: string, value: bigint): void {
    const known = this.#validities.get(mailbox) ?? value
    demand(known === value, () => `UIDVALIDITY of ${mailbox} was ${known} and is ${value}`)
    this.#validities.set(mailbox, value)
  }

  /** The highest UID that anybody was told of so far. */
  highest(mailbox: string): number {
    return this.#highest.get(mailbox) ?? 0
  }

  /** The message with this UID is this one, for ever. */
  isMessage(mailbox: string, uid: number, label: string): void {
    const key = `${mailbox} ${uid}`
    const known = this.#labels.get(key) ?? label
    demand(known === label, () => `UID ${key} is ${known} and ${label}`)
    demand(this.#made.has(label), () => `UID ${key} is ${label}, which nobody made`)
    this.#labels.set(key, label)
    this.#highest.set(mailbox, Math.max(this.highest(mailbox), uid))
  }

  /** Something of a message that must be the same for every client. */
  hasFact(mailbox: string, uid: number, name: string, value: string): void {
    const key = `${mailbox} ${uid} ${name}`
    const known = this.#facts.get(key) ?? value
    demand(known === value, () => `${name} of UID ${uid} of ${mailbox} is ${known} and ${value}`)
    this.#facts.set(key, value)
  }

  labelOf(mailbox: string, uid: number): string | undefined {
    return this.#labels.get(`${mailbox} ${uid}`)
  }

  /** Somebody marks them as deleted; said before it is done. */
  mark(mailbox: string, uids: readonly number[]): void {
    for (const uid of uids) this.#marked.add(`${mailbox} ${uid}`)
  }

  /** Somebody moves them; said before it is done. */
  move(mailbox: string, uids: readonly number[]): void {
    for (const uid of uids) this.#moved.add(`${mailbox} ${uid}`)
  }

  /** A message was copied: it is what it was, and marked where that was. */
  copied(from: string, uid: number, to: string, newUid: number): void {
    const [original, copy] = [`${from} ${uid}`, `${to} ${newUid}`]
    const label = this.#labels.get(original)
    if (label !== undefined) this.isMessage(to, newUid, label)
    this.#copies.set(original, [...(this.#copies.get(original) ?? []), copy])
    if (this.#marked.has(original)) this.#inherit(copy)
  }

  /** What a mark was copied with may itself have been copied before that was answered. */
  #inherit(key: string): void {
    this.#marked.add(key)
    for (const copy of this.#copies.get(key) ?? []) if (!this.#marked.has(copy)) this.#inherit(copy)
  }

  /** A message is gone: somebody must have wanted that. Who, is only known when all commands are answered. */
  isGone(mailbox: string, uid: number): void {
    this.#gone.add(`${mailbox} ${uid}`)
  }

  /** Another program is about to remove a file of this message. */
  remove(label: string): void {
    this.#removed.add(label)
  }

  /** What was told of as gone, or is not `there`, though nobody has removed it. When all is over. */
  lost(mailbox: string, there: (uid: number) => boolean): readonly string[] {
    return [...this.#labels].flatMap(([key, label]) => {
      const [name, uid] = key.split(' ')
      const isLost = name === mailbox && (this.#gone.has(key) || !there(Number(uid)))
      return isLost && !this.#mayBeGone(key, label) ? `${key} ${label}` : []
    })
  }

  #mayBeGone(key: string, label: string): boolean {
    return this.#marked.has(key) || this.#moved.has(key) || this.#removed.has(label)
  }
}
