import type { AccessEntry, RightsIdentifier } from '../model/rights.ts'
import type { Lease, StoreFault } from '../services/store.ts'
import type { AccessLists, MailboxShare, SharedMailbox } from './access-lists.ts'
import { isNegative } from './identifier.ts'

type Listener = (changed: MailboxShare | undefined) => void

/** Access control lists that are gone with the process. Every change is one synchronous step. */
export class MemoryAccessLists implements AccessLists {
  readonly #lists = new Map<string, Map<string, readonly AccessEntry[]>>()
  /** For each identifier the mailboxes that are opened to it, by owner. */
  readonly #shares = new Map<RightsIdentifier, Map<string, Set<string>>>()
  /** Each an entry of its own, so that one listener may watch twice. */
  readonly #watchers = new Set<{ readonly listener: Listener }>()

  async read(owner: string, mailbox: string): Promise<readonly AccessEntry[]> {
    return this.#list(owner, mailbox)
  }

  async has(owner: string): Promise<boolean> {
    return (this.#lists.get(owner)?.size ?? 0) > 0
  }

  async update(
    owner: string,
    mailbox: string,
    change: (list: readonly AccessEntry[]) => readonly AccessEntry[],
  ): Promise<void> {
    this.#replace(owner, mailbox, change(this.#list(owner, mailbox)))
  }

  async renamed(owner: string, from: string, to: string): Promise<void> {
    const moving = [...(this.#lists.get(owner) ?? [])].filter(
      ([mailbox]) => mailbox === from || mailbox.startsWith(`${from}/`),
    )
    this.#replace(owner, to, [])
    for (const [mailbox] of moving) this.#replace(owner, mailbox, [])
    for (const [mailbox, list] of moving) this.#replace(owner, to + mailbox.slice(from.length), list)
  }

  async removed(owner: string, mailboxes: readonly string[]): Promise<void> {
    for (const mailbox of mailboxes) this.#replace(owner, mailbox, [])
  }

  async shares(identifiers: ReadonlySet<RightsIdentifier>): Promise<readonly SharedMailbox[]> {
    const found = new Map<string, Set<string>>()
    for (const identifier of identifiers)
      for (const [owner, mailboxes] of this.#shares.get(identifier) ?? [])
        found.set(owner, new Set([...(found.get(owner) ?? []), ...mailboxes]))
    return [...found].flatMap(([owner, mailboxes]) =>
      [...mailboxes].map((mailbox) => ({ owner, mailbox, list: this.#list(owner, mailbox) })),
    )
  }

  async watch(listener: Listener): Promise<Lease> {
    const watcher = { listener }
    this.#watchers.add(watcher)
    return {
      release: async () => {
        this.#watchers.delete(watcher)
      },
    }
  }

  async examine(): Promise<readonly StoreFault[]> {
    return []
  }

  #list(owner: string, mailbox: string): readonly AccessEntry[] {
    return this.#lists.get(owner)?.get(mailbox) ?? []
  }

  #replace(owner: string, mailbox: string, list: readonly AccessEntry[]): void {
    const former = this.#list(owner, mailbox)
    if (former.length === 0 && list.length === 0) return
    const ofOwner = this.#lists.get(owner) ?? new Map<string, readonly AccessEntry[]>()
    this.#lists.set(owner, ofOwner)
    if (list.length === 0) ofOwner.delete(mailbox)
    else ofOwner.set(mailbox, list)
    for (const { identifier } of former) this.#shares.get(identifier)?.get(owner)?.delete(mailbox)
    for (const { identifier } of list) if (!isNegative(identifier)) this.#index(identifier, owner, mailbox)
    for (const watcher of this.#watchers)
      queueMicrotask(() => this.#watchers.has(watcher) && watcher.listener({ owner, mailbox }))
  }

  #index(identifier: RightsIdentifier, owner: string, mailbox: string): void {
    const owners = this.#shares.get(identifier) ?? new Map<string, Set<string>>()
    const mailboxes = owners.get(owner) ?? new Set<string>()
    this.#shares.set(identifier, owners.set(owner, mailboxes.add(mailbox)))
  }
}
