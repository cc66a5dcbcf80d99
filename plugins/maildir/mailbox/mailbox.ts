import {
  type Appended,
  type AppendMessage,
  type Content,
  type ExpungeOptions,
  type FlagChange,
  type FlagChangeOptions,
  type FlagOutcome,
  indexOfUid,
  type Mailbox,
  MailwrightError,
  type MessageEntry,
  type MessageSummary,
  type SearchCriterion,
  type Transfer,
  uidFinder,
} from 'mailwright'
import { storeError, withStoreErrors } from 'mailwright/disk'
import { searchEntries } from 'mailwright/search'
import { oneByOne } from '../batches/one-by-one.ts'
import { changeFlags } from '../changes/flag-change.ts'
import type { Transferred } from '../changes/transfer.ts'
import { openContent } from '../content/message-content.ts'
import { ReadAhead } from '../content/read-ahead.ts'
import { textCandidates } from '../content/text-candidates.ts'
import type { Chosen, MailboxSnapshot } from './mailbox-snapshot.ts'
import type { MailboxState } from './mailbox-state.ts'

/** What an opened mailbox needs of its account. */
export interface MailboxSurroundings {
  copy(source: MailboxState, chosen: Chosen, target: string): Promise<Transferred>
  move(source: MailboxState, chosen: Chosen, target: string): Promise<Transferred>
  /** Answers the UIDs of those removed. */
  expunge(source: MailboxState, chosen: Chosen, options: ExpungeOptions): Promise<readonly number[]>
  /** Undefined where the chosen one is gone already. */
  replace(
    source: MailboxState,
    chosen: Chosen,
    message: AppendMessage,
    origin: string | undefined,
  ): Promise<Appended | undefined>
  /** Gives back the state that all who have the mailbox open share. */
  release(): void
}

/** One session's view of a mailbox: it changes at `refresh` and by the session's own changes. */
export class MaildirMailbox implements Mailbox {
  readonly name: string
  readonly id: string
  readonly uidValidity: number
  readonly #state: MailboxState
  readonly #surroundings: MailboxSurroundings
  readonly #ahead: ReadAhead
  #view: MailboxSnapshot
  #closed = false

  constructor(state: MailboxState, surroundings: MailboxSurroundings) {
    this.name = state.place.name
    this.#state = state
    this.#surroundings = surroundings
    this.#ahead = new ReadAhead(state.context.clock, state.context.ahead, (uid) => this.#open(uid))
    this.#view = state.snapshot()
    this.id = this.#view.id
    this.uidValidity = this.#view.uidValidity
  }

  get uidNext(): number {
    return this.#view.uidNext
  }

  get highestModSequence(): number {
    return this.#view.modSequence
  }

  get entries(): readonly MessageEntry[] {
    return this.#view.entries
  }

  refresh(): Promise<boolean> {
    return this.#doing('refreshing a mailbox', async () => {
      await this.#state.sync()
      this.#state.requireValidity(this.uidValidity)
      const { entries } = this.#view
      this.#view = this.#state.snapshot()
      return !isSame(entries, this.entries)
    })
  }

  content(uid: number): Promise<Content> {
    return this.#doing('opening a message', () => {
      const { entries } = this
      const at = indexOfUid(entries, uid)
      if (entries[at]?.uid !== uid || this.#state.record(uid) === undefined) throw noMessage(uid)
      return this.#ahead.content(entries, at)
    })
  }

  async #open(uid: number): Promise<Content> {
    const record = this.#state.record(uid)
    if (record === undefined) throw noMessage(uid)
    return openContent(this.#state, record)
  }

  summaries(uids: readonly number[]): AsyncIterable<MessageSummary> {
    return oneByOne(this.#summaries(uids))
  }

  async *#summaries(uids: readonly number[]): AsyncGenerator<readonly MessageSummary[]> {
    this.#checkOpen()
    try {
      const seen = this.#seen(uids).toSorted((a, b) => a - b)
      for await (const group of this.#state.summaries.read(seen)) yield group.map(([, summary]) => summary)
    } catch (error) {
      throw storeError(error, `reading summaries (${this.name})`)
    }
  }

  search(criterion: SearchCriterion): Promise<readonly number[]> {
    const { signatures, context } = this.#state
    const source = {
      entries: this.entries,
      content: (uid: number) => this.content(uid),
      summaries: (uids: readonly number[]) => this.summaries(uids),
      ...(signatures && {
        textCandidates: (uids: readonly number[], text: string) => textCandidates(signatures, uids, text),
      }),
    }
    return this.#doing('searching', () => searchEntries(source, criterion, context.clock.now()))
  }

  vanishedSince(modSequence: number): Promise<readonly number[] | undefined> {
    return this.#doing('looking back', async () => {
      return this.#state.table.vanishedSince(modSequence)
    })
  }

  changeFlags(
    uids: readonly number[],
    change: FlagChange,
    options: FlagChangeOptions = {},
  ): Promise<FlagOutcome> {
    return this.#doing('changing flags', async () => {
      const outcome = await changeFlags(this.#state, this.#chosen(uids), change, options)
      this.#show(outcome.entries)
      return outcome
    })
  }

  expunge(uids: readonly number[], options: ExpungeOptions = {}): Promise<readonly number[]> {
    return this.#doing('expunging', async () => {
      const removed = await this.#surroundings.expunge(this.#state, this.#chosen(uids), options)
      this.#hide(removed)
      return removed
    })
  }

  copy(uids: readonly number[], target: string): Promise<Transfer> {
    return this.#doing('copying', async () => {
      const { transfer } = await this.#surroundings.copy(this.#state, this.#chosen(uids), target)
      return transfer
    })
  }

  move(uids: readonly number[], target: string): Promise<Transfer> {
    return this.#doing('moving', async () => {
      const { transfer, removed } = await this.#surroundings.move(this.#state, this.#chosen(uids), target)
      this.#hide(removed)
      return transfer
    })
  }

  replace(uid: number, message: AppendMessage, origin?: string): Promise<Appended | undefined> {
    return this.#doing('replacing a message', async () => {
      const chosen = this.#chosen([uid])
      if (chosen.uids.length === 0) return undefined
      const appended = await this.#surroundings.replace(this.#state, chosen, message, origin)
      if (appended !== undefined) this.#hide(chosen.uids)
      return appended
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#ahead.forget()
    this.#surroundings.release()
  }

  #hide(removed: readonly number[]): void {
    if (removed.length === 0) return
    const gone = new Set(removed)
    const entries = this.entries.filter(({ uid }) => !gone.has(uid))
    this.#view = { ...this.#view, entries, modSequence: this.#state.table.modSequence }
  }

  /** Shows changed entries. The mailbox's mod-sequence is told as far as what is shown of it goes. */
  #show(changed: readonly MessageEntry[]): void {
    const entries = [...this.entries]
    let { modSequence } = this.#view
    for (const entry of changed) {
      modSequence = Math.max(modSequence, entry.modSequence)
      const at = indexOfUid(entries, entry.uid)
      if (entries[at]?.uid === entry.uid) entries[at] = entry
    }
    this.#view = { ...this.#view, entries, modSequence }
  }

  #chosen(uids: readonly number[]): Chosen {
    return { uids: this.#seen(uids), uidValidity: this.uidValidity }
  }

  /** Those of the UIDs that this session has been shown. */
  #seen(uids: readonly number[]): readonly number[] {
    const find = uidFinder(this.#view.entries)
    return uids.filter((uid) => find(uid) >= 0)
  }

  async #doing<T>(what: string, run: () => Promise<T>): Promise<T> {
    this.#checkOpen()
    return withStoreErrors(`${what} (${this.name})`, run)
  }

  #checkOpen(): void {
    if (this.#closed) throw new MailwrightError('MAIL_E_INVALID', 'the mailbox was closed')
    this.#state.requireValidity(this.uidValidity)
  }
}

function noMessage(uid: number): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', `there is no message with UID ${uid}`)
}

/** Whether two lists say the same; the index may have been read anew in between. */
function isSame(one: readonly MessageEntry[], two: readonly MessageEntry[]): boolean {
  if (one === two) return true
  return (
    one.length === two.length &&
    one.every((entry, at) => {
      const other = two[at]
      if (entry === other) return true
      return (
        entry.uid === other?.uid &&
        entry.modSequence === other.modSequence &&
        entry.flags.join(' ') === other.flags.join(' ')
      )
    })
  )
}
