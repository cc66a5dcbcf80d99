import {
  type Content,
  type FlagChange,
  type Mailbox,
  MailwrightError,
  type MessageEntry,
  UnavailableError,
} from 'mailwright'
import { guarded } from './disk-errors.ts'
import { expungeMessages } from './expunge.ts'
import { changeFlags } from './flag-change.ts'
import type { MailboxSnapshot, MailboxState } from './mailbox-state.ts'
import { openContent } from './message-content.ts'

/** What an opened mailbox needs of its account. */
export interface MailboxSurroundings {
  copy(source: MailboxState, uids: readonly number[], target: string): Promise<void>
  /** Answers the UIDs that are gone from here. */
  move(source: MailboxState, uids: readonly number[], target: string): Promise<readonly number[]>
  /** Gives back the state that all who have the mailbox open share. */
  release(): void
}

/** One session's view of a mailbox: it changes at `refresh` and by the session's own changes. */
export class MaildirMailbox implements Mailbox {
  readonly name: string
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
    this.#view = state.snapshot()
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
      this.#check()
      const before = this.#view
      this.#view = this.#state.snapshot()
      const { entries } = this.#view
      const same =
        entries.length === before.entries.length && entries.every((each, at) => each === before.entries[at])
      return !same
    })
  }

  content(uid: number): Promise<Content> {
    return this.#doing('opening a message', () => {
      const record = this.#sees(uid) ? this.#state.record(uid) : undefined
      if (record === undefined)
        throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no message with UID ${uid}`)
      return openContent(this.#state, record)
    })
  }

  changeFlags(uids: readonly number[], change: FlagChange): Promise<readonly MessageEntry[]> {
    return this.#doing('changing flags', async () => {
      const changed = await changeFlags(this.#state, this.#seen(uids), change)
      const byUid = new Map(changed.map((entry) => [entry.uid, entry]))
      this.#show(this.entries.map((entry) => byUid.get(entry.uid) ?? entry))
      return changed
    })
  }

  expunge(uids: readonly number[]): Promise<readonly number[]> {
    return this.#doing('expunging', async () =>
      this.#hide(await expungeMessages(this.#state, this.#seen(uids))),
    )
  }

  copy(uids: readonly number[], target: string): Promise<void> {
    return this.#doing('copying', () => this.#surroundings.copy(this.#state, this.#seen(uids), target))
  }

  move(uids: readonly number[], target: string): Promise<void> {
    return this.#doing('moving', async () => {
      this.#hide(await this.#surroundings.move(this.#state, this.#seen(uids), target))
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#surroundings.release()
  }

  #hide(removed: readonly number[]): readonly number[] {
    const gone = new Set(removed)
    if (gone.size > 0) this.#show(this.entries.filter(({ uid }) => !gone.has(uid)))
    return removed
  }

  #show(entries: readonly MessageEntry[]): void {
    this.#view = { ...this.#view, entries }
  }

  #sees(uid: number): boolean {
    return this.#seen([uid]).length > 0
  }

  /** Those of the UIDs that this session has been shown. */
  #seen(uids: readonly number[]): readonly number[] {
    const { entries } = this.#view
    if (uids.length < 8) return uids.filter((uid) => findByUid(entries, uid))
    const shown = new Set(entries.map(({ uid }) => uid))
    return uids.filter((uid) => shown.has(uid))
  }

  async #doing<T>(what: string, run: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new MailwrightError('MAIL_E_INVALID', 'the mailbox was closed')
    this.#check()
    return guarded(`${what} (${this.name})`, run)
  }

  /** After a repair the UIDs that the session knows are other messages': it must not go on with them. */
  #check(): void {
    if (this.#state.uidValidity !== this.uidValidity)
      throw new UnavailableError(`the UIDs of ${this.name} were given anew; open the mailbox again`)
  }
}

/** Entries ascend by UID. */
function findByUid(entries: readonly MessageEntry[], uid: number): boolean {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((entries[middle]?.uid ?? 0) < uid) low = middle + 1
    else high = middle
  }
  return entries[low]?.uid === uid
}
