import type { Rights } from '../model/rights.ts'
import type { AccountStore, Lease } from '../services/store.ts'
import { type AccessGuard, foreignMailbox, type Located } from './access-guard.ts'
import type { MailboxShare } from './access-lists.ts'
import { allows } from './operations.ts'

type Listener = (mailbox: string | undefined) => void

/**
 * Watches mailboxes of others for an account: those of some names, none of which is its own, or all that it may see. It
 * follows the access control lists: what is opened later is watched from then on, and of what is closed no more is told
 * than that.
 */
export class ForeignWatch implements Lease {
  readonly #guard: AccessGuard
  readonly #wanted: readonly string[] | 'all'
  readonly #listener: Listener
  #watched: readonly Located[] = []
  #leases: readonly Lease[] = []
  #listLease: Lease | undefined
  #released = false
  #arming: Promise<void> | undefined
  #armAgain = false

  constructor(guard: AccessGuard, wanted: readonly string[] | 'all', listener: Listener) {
    this.#guard = guard
    this.#wanted = wanted
    this.#listener = (mailbox) => {
      if (!this.#released) listener(mailbox)
    }
  }

  async start(): Promise<void> {
    try {
      this.#listLease = await this.#guard.sharing.lists.watch((changed) => void this.#follow(changed))
      await this.#arm()
    } catch (error) {
      await this.release()
      throw error
    }
  }

  async release(): Promise<void> {
    this.#released = true
    await this.#listLease?.release()
    await this.#arming?.catch(() => undefined)
    await releaseAll(this.#leases)
    this.#leases = []
  }

  /** Watches what is to be watched now; of several demands at the same time the last is met for all. */
  #arm(): Promise<void> {
    this.#armAgain = true
    this.#arming ??= this.#armWhileAsked()
    return this.#arming
  }

  async #armWhileAsked(): Promise<void> {
    try {
      while (this.#armAgain && !this.#released) {
        this.#armAgain = false
        const targets = await this.#targets()
        const fresh = await this.#watchAll(targets)
        // What is watched already is let go only now, so that nothing is missed.
        const former = this.#leases
        this.#leases = fresh
        this.#watched = targets
        await releaseAll(former)
      }
    } finally {
      this.#arming = undefined
    }
  }

  async #targets(): Promise<readonly Located[]> {
    if (this.#wanted === 'all') return this.#guard.foreign(isNoticeable)
    const targets: Located[] = []
    for (const name of this.#wanted) {
      const located = await this.#guard.locate(name)
      if (located !== undefined && isNoticeable(await this.#guard.rightsTo(located))) targets.push(located)
    }
    return targets
  }

  async #watchAll(targets: readonly Located[]): Promise<readonly Lease[]> {
    const leases: Lease[] = []
    try {
      for (const located of Map.groupBy(targets, ({ owner }) => owner.id).values())
        for (const { owner } of located.slice(0, 1)) leases.push(await this.#watchOwner(owner.store, located))
      return leases
    } catch (error) {
      await releaseAll(leases)
      throw error
    }
  }

  #watchOwner(store: AccountStore, located: readonly Located[]): Promise<Lease> {
    const byMailbox = new Map(located.map((each) => [each.mailbox, each]))
    return store.watch([...byMailbox.keys()], (mailbox) => {
      const changed = mailbox === undefined ? undefined : byMailbox.get(mailbox)
      if (changed !== undefined) void this.#tellIfReadable(changed)
    })
  }

  /** Whoever may not read a mailbox does not learn either when mail comes into it. */
  async #tellIfReadable(located: Located): Promise<void> {
    // A rights look-up that fails says nothing; whoever looks for itself will see.
    const rights = await this.#guard.rightsTo(located).catch(() => undefined)
    if (rights === undefined || allows(rights, 'read')) this.#listener(this.#guard.nameOf(located))
  }

  /** An access control list has changed: somebody's rights may be others now. */
  async #follow(changed: MailboxShare | undefined): Promise<void> {
    if (changed !== undefined && !(await this.#concerns(changed).catch(() => true))) return
    const before = this.#watched
    await this.#arm().catch(() => undefined)
    const meant = [...before, ...this.#watched].filter(
      (located) => changed === undefined || isSame(located, changed),
    )
    for (const name of new Set(meant.map((located) => this.#guard.nameOf(located)))) this.#listener(name)
    if (this.#wanted === 'all') this.#listener(undefined)
  }

  /** Whether the account sees a mailbox, or saw it until now. */
  async #concerns(changed: MailboxShare): Promise<boolean> {
    if (this.#watched.some((located) => isSame(located, changed))) return true
    const owner = await this.#guard.sharing.owner(changed.owner, this.#guard.account)
    if (owner === undefined) return false
    return isNoticeable(await this.#guard.rightsTo(foreignMailbox(owner, changed.mailbox)))
  }
}

/** Whether a mailbox is in the list of mailboxes, or changes to its messages are to be told. */
function isNoticeable(rights: Rights): boolean {
  return allows(rights, 'list') || allows(rights, 'read')
}

function isSame({ owner, mailbox }: Located, share: MailboxShare): boolean {
  return owner.id === share.owner && mailbox === share.mailbox
}

async function releaseAll(leases: readonly Lease[]): Promise<void> {
  for (const lease of leases) await lease.release()
}
