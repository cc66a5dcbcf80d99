import { type Clock, indexOfUid, type Mailbox, type MailboxStatus, type Store } from 'mailwright'
import type { ImapRecentMessages } from 'mailwright/imap'

// Of about 150 octets each. What is forgotten is as if nobody had selected the mailbox since the server was started.
const mailboxesKept = 50_000

/** Where a mailbox is: UIDs mean something in it while UIDVALIDITY stands. */
type Whereabouts = Pick<Mailbox, 'id' | 'uidValidity'>

const ofStores = new WeakMap<Store, RecentMessages>()

/** What all listeners over a store share: a client may come by another one than the client before. */
export function recentMessagesOf(store: Store, clock: Clock): RecentMessages {
  const known = ofStores.get(store) ?? new RecentMessages(clock)
  ofStores.set(store, known)
  return known
}

/**
 * Which messages no session has been told of yet: those are `\Recent` for the first one that selects the mailbox (RFC 3501
 * §2.3.2). Kept by this process alone: messages that came before it was started count as told.
 */
export class RecentMessages implements ImapRecentMessages {
  readonly #since: number
  /** By account and mailbox, the UID from which on nobody was told; those that were asked for last stand at the end. */
  readonly #untold = new Map<string, number>()

  constructor(clock: Clock) {
    this.#since = clock.now()
  }

  firstOf(account: string, mailbox: Whereabouts & Pick<Mailbox, 'entries'>): number {
    const known = this.#known(account, mailbox)
    if (known !== undefined) return known
    const { entries } = mailbox
    let first = entries.length
    while (first > 0 && (entries[first - 1]?.savedDate.getTime() ?? 0) >= this.#since) first -= 1
    const uid = entries[first]?.uid ?? (entries.at(-1)?.uid ?? 0) + 1
    this.#keep(account, mailbox, uid)
    return uid
  }

  async count(account: string, status: MailboxStatus, open: () => Promise<Mailbox>): Promise<number> {
    const { messages, uidNext } = status
    const first = messages === 0 ? uidNext : (this.#known(account, status) ?? 0)
    if (first >= uidNext) return 0
    const mailbox = await open()
    try {
      const { entries } = mailbox
      const count = entries.length - indexOfUid(entries, this.firstOf(account, mailbox))
      // The next one who asks need not open the mailbox, even where the last UIDs are not there any more.
      if (count === 0) this.told(account, status, uidNext - 1)
      return count
    } finally {
      await mailbox.close()
    }
  }

  /** A session that may change the mailbox was told of all messages up to this UID. */
  told(account: string, mailbox: Whereabouts, uid: number): void {
    if (uid >= (this.#known(account, mailbox) ?? 0)) this.#keep(account, mailbox, uid + 1)
  }

  #known(account: string, { id, uidValidity }: Whereabouts): number | undefined {
    return this.#untold.get(keyOf(account, id, uidValidity))
  }

  #keep(account: string, { id, uidValidity }: Whereabouts, uid: number): void {
    const key = keyOf(account, id, uidValidity)
    this.#untold.delete(key)
    this.#untold.set(key, uid)
    if (this.#untold.size <= mailboxesKept) return
    const [oldest] = this.#untold.keys()
    if (oldest !== undefined) this.#untold.delete(oldest)
  }
}

function keyOf(account: string, mailbox: string, uidValidity: number): string {
  return `${account}\0${mailbox}\0${uidValidity}`
}
