import type { SideItem } from './side-file.ts'

// So many octets are held before they are kept.
const mostOctets = 8 * 1024 * 1024

/** What was made, until it is kept: some at a time, while the next ones are made. */
export class SideKeeping {
  readonly #keep: (items: readonly SideItem[]) => Promise<void>
  #items: SideItem[] = []
  #octets = 0
  #before: Promise<void> | undefined

  /** `keep` never fails. */
  constructor(keep: (items: readonly SideItem[]) => Promise<void>) {
    this.#keep = keep
  }

  get isFull(): boolean {
    return this.#octets >= mostOctets
  }

  add(item: SideItem): void {
    this.#items.push(item)
    this.#octets += item.content.length
  }

  /** Begins to keep what is there; waits for what was begun before. */
  async begin(): Promise<void> {
    await this.#before
    const items = this.#items
    this.#items = []
    this.#octets = 0
    this.#before = items.length === 0 ? undefined : this.#keep(items)
  }

  /** Resolves when everything is kept. */
  async finish(): Promise<void> {
    await this.begin()
    await this.#before
  }
}
