import { demand } from './protocol-violation.ts'

/** What was told of a mailbox and holds for ever: for as long as its UIDVALIDITY. */
interface MailboxKnowledge {
  readonly uidValidity: bigint
  uidNext: bigint
  highestModSequence: bigint
  readonly expunged: Set<number>
  /** What must not change of a message, by UID and name. */
  readonly facts: Map<string, string>
}

/** What the sessions of one account were told, and must not be told otherwise by a later one. */
export class AccountKnowledge {
  readonly #mailboxes = new Map<string, MailboxKnowledge>()

  /** A mailbox has this UIDVALIDITY (RFC 9051 §2.3.1.1: it changes only with the mailbox). */
  hasValidity(mailbox: string, uidValidity: bigint): void {
    const known = this.#mailboxes.get(mailbox)
    if (known === undefined) {
      this.#mailboxes.set(mailbox, {
        uidValidity,
        uidNext: 0n,
        highestModSequence: 0n,
        expunged: new Set(),
        facts: new Map(),
      })
      return
    }
    demand(
      known.uidValidity === uidValidity,
      `UIDVALIDITY of ${mailbox} was ${known.uidValidity} and is ${uidValidity}`,
    )
  }

  /** UIDNEXT never goes back (RFC 9051 §2.3.1.1). */
  hasUidNext(mailbox: string, uidNext: bigint): void {
    const known = this.#mailboxes.get(mailbox)
    if (known === undefined) return
    demand(known.uidNext <= uidNext, `UIDNEXT of ${mailbox} was ${known.uidNext} and is ${uidNext}`)
    known.uidNext = uidNext
  }

  /** HIGHESTMODSEQ never goes back (RFC 7162 §3.1.2.1). */
  hasHighestModSequence(mailbox: string, value: bigint): void {
    const known = this.#mailboxes.get(mailbox)
    if (known === undefined) return
    demand(
      known.highestModSequence <= value,
      `HIGHESTMODSEQ of ${mailbox} was ${known.highestModSequence} and is ${value}`,
    )
    known.highestModSequence = value
  }

  /** What an open mailbox's client is told may be lower, while expunges have to wait (RFC 7162 §3.2). */
  mayHaveHighestModSequence(mailbox: string, value: bigint): void {
    const known = this.#mailboxes.get(mailbox)
    if (known !== undefined && known.highestModSequence < value) known.highestModSequence = value
  }

  expunged(mailbox: string, uid: number): void {
    this.#mailboxes.get(mailbox)?.expunged.add(uid)
  }

  /** A message is there: its UID is nobody's who is gone (RFC 9051 §2.3.1.1). */
  isThere(mailbox: string, uid: number): void {
    demand(
      this.#mailboxes.get(mailbox)?.expunged.has(uid) !== true,
      `UID ${uid} of ${mailbox} was expunged and is back`,
    )
  }

  /** A part of a message that must not change (RFC 9051 §9, msg-att-static). */
  hasFact(mailbox: string, uid: number, name: string, value: string): void {
    const facts = this.#mailboxes.get(mailbox)?.facts
    const known = facts?.get(`${uid} ${name}`)
    demand(known === undefined || known === value, `${name} of UID ${uid} was ${known} and is ${value}`)
    facts?.set(`${uid} ${name}`, value)
  }

  /** A mailbox has gone, with those below it: by DELETE or RENAME. */
  forget(mailbox: string): void {
    for (const name of this.#mailboxes.keys()) {
      // Whatever separates levels, it is no letter.
      const below = name.startsWith(mailbox) && /^\W/.test(name.slice(mailbox.length))
      if (name === mailbox || below) this.#mailboxes.delete(name)
    }
  }
}
