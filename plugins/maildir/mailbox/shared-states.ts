import type { Timer } from 'mailwright'
import type { MaildirContext } from '../context.ts'
import type { MailboxPlace } from '../files/mailbox-place.ts'
import { AccountQuota } from '../quota/account-quota.ts'
import { MailboxState } from './mailbox-state.ts'

interface Shared {
  readonly state: MailboxState
  users: number
}

/** What is kept of mailboxes that nobody has open. */
const mostIdle = 256
const mostIdleMessages = 500_000
const idleTime = 300_000

// They are small.
const leastQuotas = 256

/**
 * What sessions of this process share: the state of a mailbox, so that each change is noticed and told once, and an
 * account's quota. States of mailboxes that were used a moment ago are kept for the next who opens them; nothing in them
 * is believed without a look at the disk.
 */
export class SharedStates {
  readonly #context: MaildirContext
  readonly #later: (place: MailboxPlace) => void
  readonly #states = new Map<string, Shared>()
  /** By path, those used last at the end. */
  readonly #idle = new Map<string, { readonly state: MailboxState; readonly timer: Timer }>()
  readonly #quotas = new Map<string, AccountQuota>()
  /** Those that are idle are forgotten when there are so many. */
  #mostQuotas = leastQuotas

  /** `later` is called when something of a mailbox is to be prepared soon. */
  constructor(context: MaildirContext, later: (place: MailboxPlace) => void) {
    this.#context = context
    this.#later = later
  }

  share(place: MailboxPlace): { readonly state: MailboxState; readonly release: () => void } {
    const shared = this.#states.get(place.path) ?? { state: this.#awaken(place), users: 0 }
    this.#states.set(place.path, shared)
    shared.users += 1
    let released = false
    const release = (): void => {
      if (released) return
      released = true
      shared.users -= 1
      if (shared.users > 0 || this.#states.get(place.path) !== shared) return
      this.#states.delete(place.path)
      this.#rest(place.path, shared.state)
    }
    return { state: shared.state, release }
  }

  /** What is known of a mailbox from before; undefined where it was not used for a while. */
  known(path: string): MailboxState | undefined {
    return this.#states.get(path)?.state ?? this.#idle.get(path)?.state
  }

  /** Runs something on the state of a mailbox. */
  async using<T>(place: MailboxPlace, run: (state: MailboxState) => Promise<T>): Promise<T> {
    const { state, release } = this.share(place)
    try {
      return await run(state)
    } finally {
      release()
    }
  }

  /** The quota of the account with this Maildir. Only for use at once: it may be another object the next time. */
  quota(root: string): AccountQuota {
    const known = this.#quotas.get(root)
    if (known !== undefined) return known
    if (this.#quotas.size >= this.#mostQuotas) this.#forgetQuotas()
    const quota = new AccountQuota(this.#context, root)
    this.#quotas.set(root, quota)
    return quota
  }

  /** Seldom, as all of them are looked at: thousands may be at work. */
  #forgetQuotas(): void {
    for (const [path, quota] of this.#quotas) if (quota.idle) this.#quotas.delete(path)
    this.#mostQuotas = Math.max(leastQuotas, 2 * this.#quotas.size)
  }

  #awaken(place: MailboxPlace): MailboxState {
    const idle = this.#idle.get(place.path)
    this.#forget(place.path)
    return idle?.state ?? new MailboxState(this.#context, place, this.#later)
  }

  #rest(path: string, state: MailboxState): void {
    this.#forget(path)
    this.#idle.set(path, { state, timer: this.#context.clock.after(idleTime, () => this.#forget(path)) })
    let messages = 0
    for (const { state: kept } of this.#idle.values()) messages += kept.messages
    for (const [oldest, { state: kept }] of this.#idle) {
      if (messages <= mostIdleMessages && this.#idle.size <= mostIdle) break
      // The one that was used last is kept whatever its size.
      if (oldest === path) break
      messages -= kept.messages
      this.#forget(oldest)
    }
  }

  #forget(path: string): void {
    this.#idle.get(path)?.timer.cancel()
    this.#idle.delete(path)
  }
}
