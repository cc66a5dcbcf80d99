import { indexOfUid, type Mailbox, type MessageEntry, type UidRange } from 'mailwright'
import type { RecentMessages } from './recent-messages.ts'

/** Which messages are `\Recent` for one session: they stay it as long as the mailbox is selected (RFC 3501 §2.3.2). */
export class RecentView {
  readonly #messages: RecentMessages
  readonly #account: string
  readonly #mailbox: Mailbox
  readonly #isReadOnly: boolean
  /** Ascending. */
  readonly #ranges: { first: number; last: number }[] = []

  /** `mailbox` was just opened, and its client is told of all that is in it. */
  constructor(messages: RecentMessages, account: string, mailbox: Mailbox, isReadOnly: boolean) {
    this.#messages = messages
    this.#account = account
    this.#mailbox = mailbox
    this.#isReadOnly = isReadOnly
    this.tell(mailbox.entries)
  }

  get ranges(): readonly UidRange[] {
    return this.#ranges
  }

  /** The client is told of these, which stand at the end of the mailbox; ascending. */
  tell(arrived: readonly MessageEntry[]): void {
    const first = this.#messages.firstOf(this.#account, this.#mailbox)
    const last = arrived.at(-1)?.uid ?? 0
    if (last < first) return
    const from = arrived[indexOfUid(arrived, first)]?.uid ?? last
    const before = this.#ranges.at(-1)
    if (before !== undefined && before.last + 1 >= from) before.last = last
    else this.#ranges.push({ first: from, last })
    // RFC 3501 §6.3.2: EXAMINE does not take it from others.
    if (!this.#isReadOnly) this.#messages.told(this.#account, this.#mailbox, last)
  }

  has(uid: number): boolean {
    const last = this.#ranges.at(-1)
    // Most messages are older than all of these, and most clients have none.
    if (last === undefined || uid > last.last || uid < (this.#ranges[0]?.first ?? 0)) return false
    return this.#ranges.some((range) => uid >= range.first && uid <= range.last)
  }

  /** How many of the messages that the client knows of are. */
  countOf(messages: readonly MessageEntry[]): number {
    let count = 0
    for (const { first, last } of this.#ranges)
      count += indexOfUid(messages, last + 1) - indexOfUid(messages, first)
    return count
  }
}
