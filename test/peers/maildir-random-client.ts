// A session of a process in the random test: what a client of it knows, and what must hold whatever others do.
import { createHash } from 'node:crypto'
import { type Content, errorCode, type Mailbox, type MessageEntry } from 'mailwright'

/** Something that must never be. */
export class Fault extends Error {}

export function demand(holds: boolean, problem: () => string): asserts holds {
  if (!holds) throw new Fault(problem())
}

/** What a message is, to be compared. */
export interface Print {
  readonly label: string
  readonly digest: string
}

/** What a client keeps of the messages of a view. */
interface Known {
  readonly flags: ReadonlyMap<number, string>
  readonly modSequence: number
  readonly uidNext: number
}

const flagsOf = (entries: readonly MessageEntry[]): Map<number, string> =>
  new Map(entries.map(({ uid, flags }) => [uid, flags.join(' ')]))
const show = (flags: ReadonlyMap<number, string>): string => JSON.stringify([...flags])

/** One mailbox that a session has open. */
export class Client {
  readonly mailbox: Mailbox
  /** What each UID stands for. */
  readonly prints = new Map<number, Print>()
  #known: Known

  constructor(mailbox: Mailbox) {
    this.mailbox = mailbox
    this.#known = this.#learn()
  }

  get uids(): readonly number[] {
    return this.mailbox.entries.map(({ uid }) => uid)
  }

  /** Looks at what others did. */
  async refresh(): Promise<void> {
    const { mailbox } = this
    const before = new Map(mailbox.entries.map((entry) => [entry.uid, entry]))
    const highest = mailbox.highestModSequence
    await mailbox.refresh()
    demand(mailbox.highestModSequence >= highest, () => 'the highest mod-sequence went down')
    demand(mailbox.uidNext >= this.#known.uidNext, () => 'the next UID went down')
    let last = 0
    for (const entry of mailbox.entries) {
      demand(entry.uid > last && entry.uid < mailbox.uidNext, () => `UID ${entry.uid} after ${last}`)
      last = entry.uid
      this.#compare(before.get(entry.uid), entry)
    }
    await this.#catchUp()
    this.#known = this.#learn()
  }

  /** Reads messages; what is gone by now is left out. */
  async read(uids: readonly number[]): Promise<void> {
    for (const uid of uids) {
      const print = await this.#print(uid)
      if (print === undefined) continue
      const known = this.prints.get(uid)
      demand(
        known === undefined || known.digest === print.digest,
        () => `UID ${uid} was ${known?.label} and is ${print.label} now`,
      )
      this.prints.set(uid, print)
    }
  }

  #compare(before: MessageEntry | undefined, now: MessageEntry): void {
    const { uid, modSequence, flags } = now
    demand(modSequence <= this.mailbox.highestModSequence, () => `UID ${uid} is ahead of its mailbox`)
    if (before === undefined) {
      const { uidNext } = this.#known
      demand(uid >= uidNext, () => `UID ${uid} came when ${uidNext} was the next`)
      return
    }
    demand(modSequence >= before.modSequence, () => `the mod-sequence of UID ${uid} went down`)
    const changed = before.flags.join(' ') !== flags.join(' ')
    demand(!changed || modSequence > before.modSequence, () => `UID ${uid} has other flags at ${modSequence}`)
    const same = before.id === now.id && before.size === now.size
    demand(same, () => `UID ${uid} is another message: ${before.id}, ${now.id}`)
  }

  /** A client that asks only for what has changed (RFC 7162 §3.2.5) knows what there is. */
  async #catchUp(): Promise<void> {
    const { mailbox } = this
    const { modSequence } = this.#known
    const now = flagsOf(mailbox.entries)
    const flags = new Map(this.#known.flags)
    const vanished = await mailbox.vanishedSince(modSequence)
    // What has gone since the refresh is told of, and still shown.
    for (const uid of vanished ?? [...flags.keys()]) if (!now.has(uid)) flags.delete(uid)
    for (const entry of mailbox.entries)
      if (entry.modSequence > modSequence) flags.set(entry.uid, entry.flags.join(' '))
    const sorted = new Map([...flags].sort(([a], [b]) => a - b))
    demand(
      show(sorted) === show(now),
      () => `who knew ${modSequence} knows ${show(sorted)} and not ${show(now)}`,
    )
  }

  #learn(): Known {
    const { entries, highestModSequence, uidNext } = this.mailbox
    return { flags: flagsOf(entries), modSequence: highestModSequence, uidNext }
  }

  async #print(uid: number): Promise<Print | undefined> {
    let content: Content
    let octets: Buffer
    try {
      content = await this.mailbox.content(uid)
      octets = await content.read(0, content.size)
    } catch (error) {
      if (errorCode(error) === 'MAIL_E_NOT_FOUND') return undefined
      throw error
    }
    const size = this.mailbox.entries.find((entry) => entry.uid === uid)?.size
    demand(
      octets.length === content.size && (size === undefined || size === content.size),
      () => `UID ${uid} has ${octets.length} octets, not ${size}`,
    )
    const label = /^Subject: (\S+)/.exec(octets.toString('latin1', 0, 100))?.[1] ?? ''
    return { label, digest: createHash('sha256').update(octets).digest('base64') }
  }
}
