import type { Clock } from 'mailwright'
import type { SideItem } from './side-file.ts'

// So many octets are held before they are kept.
const mostOctets = 8 * 1024 * 1024
// Milliseconds that whoever reads waits for what is being kept: the mailbox's lock may be somebody else's for long.
const patience = 100

/**
 * What was made, until it is kept: some at a time, while the next ones are made. Nobody waits for it for long: where it takes
 * its time, what does not fit into memory meanwhile is thrown away, and made anew for whoever asks next.
 */
export class SideKeeping {
  readonly #clock: Clock
  readonly #keep: (items: readonly SideItem[]) => Promise<void>
  #items: SideItem[] = []
  #octets = 0
  #before: Promise<void> | undefined
  #isSlow = false

  /** `keep` never fails. */
  constructor(clock: Clock, keep: (items: readonly SideItem[]) => Promise<void>) {
    this.#clock = clock
    this.#keep = keep
  }

  get isFull(): boolean {
    return this.#octets >= mostOctets
  }

  add(item: SideItem): void {
    this.#items.push(item)
    this.#octets += item.content.length
  }

  /** Begins to keep what is there, once what was begun before is kept. */
  async begin(): Promise<void> {
    await this.#waitShortly()
    if (this.#before === undefined) this.#keepBehind()
    else if (this.isFull) this.#taken()
  }

  /** Resolves when everything is kept, or is left to be kept. */
  async finish(): Promise<void> {
    await this.#waitShortly()
    // There is nothing to come: the rest can wait for its turn.
    this.#keepBehind()
    await this.#waitShortly()
  }

  #keepBehind(): void {
    const items = this.#taken()
    if (items.length === 0) return
    const turn = this.#before === undefined ? this.#keep(items) : this.#before.then(() => this.#keep(items))
    const kept = turn.then(() => {
      if (this.#before === kept) this.#before = undefined
    })
    this.#before = kept
  }

  #taken(): readonly SideItem[] {
    const items = this.#items
    this.#items = []
    this.#octets = 0
    return items
  }

  /** Only once where that is not enough. */
  async #waitShortly(): Promise<void> {
    if (this.#before === undefined || this.#isSlow) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#clock.after(patience, resolve)
    await Promise.race([this.#before, promise])
    timer.cancel()
    this.#isSlow = this.#before !== undefined
  }
}
