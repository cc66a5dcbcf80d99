import type { Account, Content, Lease, Mailbox, MessageEntry, Store } from 'mailwright'

const uniqueIdForm = /^[\x21-\x7e]{1,70}$/

/** A message of the maildrop with its number in this session, which counts from 1. */
export interface Numbered {
  readonly number: number
  readonly entry: MessageEntry
}

/** Locks an account's maildrop and opens its INBOX. MAIL_E_IN_USE while another session has it. */
export async function openMaildrop(store: Store, account: Account): Promise<Maildrop> {
  const mailboxes = await store.open(account)
  const lease = await mailboxes.lockMaildrop()
  try {
    return new Maildrop(await mailboxes.openMailbox('INBOX'), lease)
  } catch (error) {
    await lease.release().catch(() => undefined)
    throw error
  }
}

/**
 * The messages as they were at login, numbered, and which of them are marked as deleted (RFC 1939 §5). Nothing is
 * deleted before `commit`.
 */
export class Maildrop {
  readonly #mailbox: Mailbox
  readonly #lease: Lease
  readonly #entries: readonly MessageEntry[]
  readonly #deleted = new Set<number>()
  readonly #totalOctets: number
  #deletedOctets = 0
  #closed = false

  constructor(mailbox: Mailbox, lease: Lease) {
    this.#mailbox = mailbox
    this.#lease = lease
    this.#entries = mailbox.entries
    this.#totalOctets = this.#entries.reduce((sum, entry) => sum + entry.size, 0)
  }

  /** Messages that are not marked as deleted. */
  get count(): number {
    return this.#entries.length - this.#deleted.size
  }

  /** Their octets. */
  get octets(): number {
    return this.#totalOctets - this.#deletedOctets
  }

  /** The highest message number. */
  get highest(): number {
    return this.#entries.length
  }

  /** The message of a number; undefined where there is none or it is marked as deleted. */
  entry(number: number): MessageEntry | undefined {
    return this.#deleted.has(number) ? undefined : this.#entries[number - 1]
  }

  isDeleted(number: number): boolean {
    return this.#deleted.has(number)
  }

  /** All that are not marked as deleted, in the order of their numbers. */
  *messages(): Generator<Numbered> {
    for (let number = 1; number <= this.#entries.length; number++) {
      const entry = this.entry(number)
      if (entry !== undefined) yield { number, entry }
    }
  }

  /**
   * RFC 1939 §7: 1 to 70 printable octets that name the message for ever, also after another one was deleted. What the
   * client's former server called it stays.
   */
  uniqueId({ uid, uidl }: MessageEntry): string {
    return uidl !== undefined && uniqueIdForm.test(uidl) ? uidl : `${this.#mailbox.uidValidity}.${uid}`
  }

  content(entry: MessageEntry): Promise<Content> {
    return this.#mailbox.content(entry.uid)
  }

  delete(number: number): void {
    const entry = this.entry(number)
    if (entry === undefined) return
    this.#deleted.add(number)
    this.#deletedOctets += entry.size
  }

  /** Takes back all marks. */
  reset(): void {
    this.#deleted.clear()
    this.#deletedOctets = 0
  }

  /** Removes what is marked, durably: all of it, or, where it rejects, none. */
  async commit(): Promise<void> {
    const uids: number[] = []
    for (const number of this.#deleted) {
      const entry = this.#entries[number - 1]
      if (entry !== undefined) uids.push(entry.uid)
    }
    if (uids.length > 0) await this.#mailbox.expunge(uids.sort((one, other) => one - other))
  }

  /** Closes the mailbox and gives the lock back. Only the first call counts. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      await this.#mailbox.close()
    } finally {
      await this.#lease.release()
    }
  }
}
