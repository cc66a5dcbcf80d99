import type { Lease } from 'mailwright'

/** Hears of changes in the selected mailbox, from the first look at it on. */
export class SelectedWatch {
  readonly #watch: (listener: () => void) => Promise<Lease>
  readonly #listeners = new Set<() => void>()
  #lease: Promise<Lease> | undefined
  /** Something may have changed since the store was asked. */
  isStale = true

  constructor(watch: (listener: () => void) => Promise<Lease>) {
    this.#watch = watch
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Only from the first look on: a mailbox that is opened, read once and closed is not worth it. */
  async begin(): Promise<void> {
    this.#lease ??= this.#watch(() => this.changed())
    try {
      await this.#lease
    } catch (error) {
      // The next look tries again.
      this.#lease = undefined
      throw error
    }
  }

  changed(): void {
    this.isStale = true
    for (const listener of this.#listeners) listener()
  }

  async end(): Promise<void> {
    const lease = this.#lease
    this.#lease = undefined
    await (await lease?.catch(() => undefined))?.release()
  }
}
