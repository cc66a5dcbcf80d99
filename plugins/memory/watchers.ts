import type { Lease } from 'mailwright'

type Listener = (mailbox: string | undefined) => void

interface Watcher {
  /** Undefined: all, and the list of mailboxes too. */
  readonly names: ReadonlySet<string> | undefined
  readonly listener: Listener
  /** What it is to be told of at the end of this turn of the event loop. */
  readonly pending: Set<string | undefined>
}

/** Who wants to know of changes to an account's mailboxes. Changes of one turn of the event loop are told once. */
export class Watchers {
  readonly #watchers = new Set<Watcher>()

  /** Calls back with the names of these mailboxes, or of all; only then also with undefined, for the list itself. */
  watch(names: readonly string[] | undefined, listener: Listener): Lease {
    const watcher: Watcher = { names: names && new Set(names), listener, pending: new Set() }
    this.#watchers.add(watcher)
    return {
      release: async () => {
        this.#watchers.delete(watcher)
      },
    }
  }

  /** A mailbox has changed, or the list of them. */
  tell(mailbox: string | undefined): void {
    for (const watcher of this.#watchers) {
      const { names, pending } = watcher
      if (names !== undefined && (mailbox === undefined || !names.has(mailbox))) continue
      if (pending.size === 0) setImmediate(() => this.#callBack(watcher))
      pending.add(mailbox)
    }
  }

  #callBack(watcher: Watcher): void {
    const changed = [...watcher.pending]
    watcher.pending.clear()
    for (const mailbox of changed) if (this.#watchers.has(watcher)) watcher.listener(mailbox)
  }
}
