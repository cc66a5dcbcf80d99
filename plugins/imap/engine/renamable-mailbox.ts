import type {
  Content,
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

  constructor(opened: Mailbox) {
    this.#opened = opened
  }

  /** Goes on with the same mailbox opened by its new name. */
  async follow(opened: Mailbox): Promise<void> {
    const before = this.#opened
    this.#opened = opened
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

  refresh(): Promise<boolean> {
    return this.#opened.refresh()
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

  expunge(uids: readonly number[]): Promise<readonly number[]> {
    return this.#opened.expunge(uids)
  }

  copy(uids: readonly number[], target: string): Promise<Transfer> {
    return this.#opened.copy(uids, target)
  }

  move(uids: readonly number[], target: string): Promise<Transfer> {
    return this.#opened.move(uids, target)
  }

  close(): Promise<void> {
    return this.#opened.close()
  }
}
