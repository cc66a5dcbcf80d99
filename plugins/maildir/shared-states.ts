import type { MaildirContext } from './context.ts'
import { type MailboxPlace, MailboxState } from './mailbox-state.ts'
import { QuotaGuard, type Usage } from './usage.ts'

interface Shared {
  readonly state: MailboxState
  users: number
}

/**
 * What sessions of this process share while they use it: the state of a mailbox, so that each change is noticed and
 * told once, and the guard of an account's quota. Nothing is kept longer than it is used.
 */
export class SharedStates {
  readonly #context: MaildirContext
  readonly #states = new Map<string, Shared>()
  readonly #guards = new Map<string, QuotaGuard>()

  constructor(context: MaildirContext) {
    this.#context = context
  }

  share(place: MailboxPlace): { readonly state: MailboxState; readonly release: () => void } {
    const shared = this.#states.get(place.path) ?? { state: new MailboxState(this.#context, place), users: 0 }
    this.#states.set(place.path, shared)
    shared.users += 1
    const release = (): void => {
      shared.users -= 1
      if (shared.users === 0 && this.#states.get(place.path) === shared) this.#states.delete(place.path)
    }
    return { state: shared.state, release }
  }

  quotaGuard(root: string, measure: () => Promise<Usage>): QuotaGuard {
    for (const [path, guard] of this.#guards) if (guard.idle && path !== root) this.#guards.delete(path)
    const guard = this.#guards.get(root) ?? new QuotaGuard(measure)
    this.#guards.set(root, guard)
    return guard
  }
}
