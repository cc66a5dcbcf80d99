import {
  type Content,
  type ExpungeOptions,
  type FlagChange,
  type FlagChangeOptions,
  type FlagOutcome,
  type Mailbox,
  MailwrightError,
  type MessageEntry,
  type MessageSummary,
  type SearchCriterion,
  summarise,
  type Transfer,
} from 'mailwright'
import { withStoreErrors } from 'mailwright/disk'
import { searchEntries } from 'mailwright/search'
import { isNotFound } from './disk-errors.ts'
import { removeMessages } from './expunge.ts'
import { changeFlags } from './flag-change.ts'
import type { MailboxSnapshot } from './known-mailbox.ts'
import type { MailboxState } from './mailbox-state.ts'
import { openContent } from './message-content.ts'
import type { TransferSource } from './transfer.ts'

/** What an opened mailbox needs of its account. */
export interface MailboxSurroundings {
  copy(source: TransferSource, target: string): Promise<Transfer>
  move(source: TransferSource, target: string): Promise<Transfer>
  /** Gives back the state that all who have the mailbox open share. */
  release(): void
}

/** One session's view of a mailbox: it changes at `refresh` and by the session's own changes. */
export class MboxMailbox implements Mailbox {
  readonly name: string
  readonly id: string
  readonly uidValidity: number
  readonly highestModSequence = 0
  readonly #state: MailboxState
  readonly #surroundings: MailboxSurroundings
  #view: MailboxSnapshot
  #closed = false

  constructor(state: MailboxState, surroundings: MailboxSurroundings) {
    this.name = state.place.name
    this.#state = state
    this.#surroundings = surroundings
    this.#view = state.known.snapshot()
    this.id = this.#view.id
    this.uidValidity = this.#view.uidValidity
  }

  get uidNext(): number {
    return this.#view.uidNext
  }

  get entries(): readonly MessageEntry[] {
    return this.#view.entries
  }

  refresh(): Promise<boolean> {
    return this.#doing('refreshing a mailbox', async () => {
      await this.#state.sync()
      this.#state.known.require(this)
      const before = this.#view.entries
      this.#view = this.#state.known.snapshot()
      const { entries } = this.#view
      return entries.length !== before.length || entries.some((entry, place) => entry !== before[place])
    })
  }

  content(uid: number): Promise<Content> {
    return this.#doing('opening a message', () => openContent(this.#state, this.#seen([uid])[0] ?? 0, this))
  }

  async *summaries(uids: readonly number[]): AsyncGenerator<MessageSummary> {
    for (const uid of this.#seen(uids)) {
      try {
        yield await summarise(uid, await this.content(uid))
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }
  }

  search(criterion: SearchCriterion): Promise<readonly number[]> {
    const { context } = this.#state
    return this.#doing('searching', async () => searchEntries(this, criterion, context.clock.now()))
  }

  async vanishedSince(): Promise<never> {
    throw withoutModSequences()
  }

  async changeFlags(
    uids: readonly number[],
    change: FlagChange,
    { unchangedSince }: FlagChangeOptions = {},
  ): Promise<FlagOutcome> {
    if (unchangedSince !== undefined) throw withoutModSequences()
    return this.#doing('changing flags', async () => {
      const records = await changeFlags(this.#state, this.#seen(uids), change, this)
      const entries = records.map((record) => this.#state.known.entry(record))
      const byUid = new Map(entries.map((entry) => [entry.uid, entry]))
      this.#show(this.entries.map((entry) => byUid.get(entry.uid) ?? entry))
      return { entries, modified: [] }
    })
  }

  expunge(uids: readonly number[], options: ExpungeOptions = {}): Promise<readonly number[]> {
    return this.#doing('expunging', async () =>
      this.#hide(
        await removeMessages(this.#state, { uids: this.#seen(uids), ...options }, { cause: 'expunge' }, this),
      ),
    )
  }

  copy(uids: readonly number[], target: string): Promise<Transfer> {
    return this.#doing('copying', () => this.#surroundings.copy(this.#source(uids), target))
  }

  move(uids: readonly number[], target: string): Promise<Transfer> {
    return this.#doing('moving', async () => {
      const transfer = await this.#surroundings.move(this.#source(uids), target)
      this.#hide(transfer.uids.map(([from]) => from))
      return transfer
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#surroundings.release()
  }

  #source(uids: readonly number[]): TransferSource {
    return { state: this.#state, expected: this, uids: this.#seen(uids) }
  }

  #hide(removed: readonly number[]): readonly number[] {
    const gone = new Set(removed)
    if (gone.size > 0) this.#show(this.entries.filter(({ uid }) => !gone.has(uid)))
    return removed
  }

  #show(entries: readonly MessageEntry[]): void {
    this.#view = { ...this.#view, entries }
  }

  /** Those of the UIDs that this session has been shown. */
  #seen(uids: readonly number[]): readonly number[] {
    const { entries } = this.#view
    if (uids.length < 8) return uids.filter((uid) => isShown(entries, uid))
    const shown = new Set(entries.map(({ uid }) => uid))
    return uids.filter((uid) => shown.has(uid))
  }

  async #doing<T>(what: string, run: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new MailwrightError('MAIL_E_INVALID', 'the mailbox was closed')
    this.#state.known.require(this)
    return withStoreErrors(`${what} (${this.name})`, run)
  }
}

/** Entries ascend by UID. */
function isShown(entries: readonly MessageEntry[], uid: number): boolean {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle]?.uid ?? 0) < uid) low = middle + 1
    else high = middle
  }
  return entries[low]?.uid === uid
}

function withoutModSequences(): MailwrightError {
  return new MailwrightError('MAIL_E_UNSUPPORTED', 'mbox files have no mod-sequences')
}
