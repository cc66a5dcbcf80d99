import type {
  Content,
  ExpungeOptions,
  FlagChange,
  FlagChangeOptions,
  FlagOutcome,
  Mailbox,
  MessageEntry,
  MessageSummary,
  SearchCriterion,
  Transfer,
} from 'mailwright'

/** An opened mailbox that goes on as the same object when the mailbox has got another name. */
export class RenamableMailbox implements Mailbox {
  #opened: Mailbox
  #complete: number
  readonly #removals = new Set<number>()

  constructor(opened: Mailbox) {
    this.#opened = opened
    this.#complete = opened.highestModSequence
  }

  /** A mod-sequence up to which no change is missing in `entries`. */
  get completeModSequence(): number {
    return this.#complete
  }

  /** UIDs that the client has removed and of which it was not told. */
  get removals(): ReadonlySet<number> {
    return this.#removals
  }

  /** The client has removed these by something else than this object. */
  wereRemoved(uids: readonly number[]): void {
    for (const uid of uids) this.#removals.add(uid)
  }

  toldRemovals(): void {
    this.#removals.clear()
  }

  /** Goes on with the same mailbox opened by its new name. */
  async follow(opened: Mailbox): Promise<void> {
    const before = this.#opened
    this.#opened = opened
    this.#complete = opened.highestModSequence
    await before.close()
  }

  get name(): string {
    return this.#opened.name
  }

  get id(): string {
    return this.#opened.id
  }

  get uidValidity(): number {
    return this.#opened.uidValidity
  }

  get uidNext(): number {
    return this.#opened.uidNext
  }

  get highestModSequence(): number {
    return this.#opened.highestModSequence
  }

  get entries(): readonly MessageEntry[] {
    return this.#opened.entries
  }

  async refresh(): Promise<boolean> {
    const opened = this.#opened
    const hasChanged = await opened.refresh()
    if (opened === this.#opened) this.#complete = opened.highestModSequence
    return hasChanged
  }

  content(uid: number): Promise<Content> {
    return this.#opened.content(uid)
  }

  summaries(uids: readonly number[]): AsyncIterable<MessageSummary> {
    return this.#opened.summaries(uids)
  }

  search(criterion: SearchCriterion): Promise<readonly number[]> {
    return this.#opened.search(criterion)
  }

  vanishedSince(modSequence: number): Promise<readonly number[] | undefined> {
    return this.#opened.vanishedSince(modSequence)
  }

  changeFlags(
    uids: readonly number[],
    change: FlagChange,
    options?: FlagChangeOptions,
  ): Promise<FlagOutcome> {
    return this.#opened.changeFlags(uids, change, options)
  }

  async expunge(uids: readonly number[], options?: ExpungeOptions): Promise<readonly number[]> {
    const removed = await this.#opened.expunge(uids, options)
    this.wereRemoved(removed)
    return removed
  }

  copy(uids: readonly number[], target: string): Promise<Transfer> {
    return this.#opened.copy(uids, target)
  }

  async move(uids: readonly number[], target: string): Promise<Transfer> {
    const transfer = await this.#opened.move(uids, target)
    for (const [uid] of transfer.uids) this.#removals.add(uid)
    return transfer
  }

  get replace(): Mailbox['replace'] {
    if (this.#opened.replace === undefined) return undefined
    return async (uid, message, origin) => {
      const appended = await this.#opened.replace?.(uid, message, origin)
      if (appended !== undefined) this.#removals.add(uid)
      return appended
    }
  }

  close(): Promise<void> {
    return this.#opened.close()
  }
}
