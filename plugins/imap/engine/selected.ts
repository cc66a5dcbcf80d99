import {
  errorCode,
  indexOfUid,
  type Lease,
  type MailboxFacts,
  type MessageEntry,
  type UidRange,
} from 'mailwright'
import type { ImapNews, ImapSelected, ImapSequenceSet, ImapUpdate, ImapUpdateListener } from 'mailwright/imap'
import type { LaterLook } from './later-look.ts'
import { withNewer } from './newer-entries.ts'
import { lastOwnArrival } from './own-changes.ts'
import type { RecentView } from './recent-view.ts'
import type { RenamableMailbox } from './renamable-mailbox.ts'
import { resolvedSet } from './resolved-set.ts'
import { no, Refusal } from './result.ts'
import { SelectedWatch } from './selected-watch.ts'
import { ToldKeywords } from './told-keywords.ts'
import { type ViewChanges, viewChanges } from './view-changes.ts'
import { frozenMessages, nothingOwn, WithheldFlags } from './withheld-changes.ts'

/** What a selected mailbox needs of its session. */
export interface SelectedSurroundings {
  readonly facts: MailboxFacts
  readonly recent: RecentView
  /** Calls back some time after a look has failed. */
  readonly laterLook: LaterLook
  /** The mailbox is not there any more. */
  gone(): void
  /** Whether its name is another mailbox's by now, or none's, or its UIDs were given anew. */
  isAnother(): Promise<boolean>
  news(): ImapNews
  /** The client is told of mod-sequences. */
  tellsModSequences(): boolean
  /** As `AccountStore.watch` of this mailbox. */
  watch(listener: () => void): Promise<Lease>
  /** Writes what has changed. `recent`: how many are `\Recent` is told, too. */
  tell(selected: Selected, changes: ViewChanges, recent: boolean): Promise<void>
  /** Writes that the client was told of everything up to this mod-sequence only. */
  tellSettled(modSequence: number): void
  /** Writes FLAGS and PERMANENTFLAGS anew. */
  tellFlags(selected: Selected): Promise<void>
  permanentFlags(selected: Selected): Promise<readonly string[]>
}

/** The mailbox that a session has selected. */
export class Selected implements ImapSelected {
  readonly mailbox: RenamableMailbox
  readonly isReadOnly: boolean
  readonly facts: MailboxFacts
  readonly #surroundings: SelectedSurroundings
  readonly #watch: SelectedWatch
  readonly #updateListeners = new Set<ImapUpdateListener>()
  /** What the client was told of by commands on flags, their own or withheld ones: listeners learn of it with the next update. */
  readonly #toldBefore: MessageEntry[] = []
  #messages: readonly MessageEntry[]
  /** The mod-sequence up to which the client was told of everything. */
  #settled: number
  readonly #withheld = new WithheldFlags()
  /** Others have put in or removed messages of which the client did not want to hear. */
  #areMessagesWithheld = false
  /** The command that is answered has told mod-sequences. */
  #hasToldModSequences = false
  /** The command that is answered has waited for the store in vain: what comes behind it does not wait as long once more. */
  #hasFailedNow = false
  #isGone = false
  #closed = false
  readonly #keywords = new ToldKeywords(() => this.#messages)
  saved: readonly number[] = []

  constructor(mailbox: RenamableMailbox, isReadOnly: boolean, surroundings: SelectedSurroundings) {
    this.mailbox = mailbox
    this.isReadOnly = isReadOnly
    this.#surroundings = surroundings
    this.#watch = new SelectedWatch((listener) => surroundings.watch(listener))
    this.facts = surroundings.facts
    this.#messages = mailbox.entries
    this.#settled = mailbox.completeModSequence
  }

  get name(): string {
    return this.mailbox.name
  }

  get messages(): readonly MessageEntry[] {
    return this.#messages
  }

  get settledModSequence(): number {
    return this.#settled
  }

  get recent(): readonly UidRange[] {
    return this.#surroundings.recent.ranges
  }

  get recentCount(): number {
    return this.#surroundings.recent.countOf(this.#messages)
  }

  isRecent(uid: number): boolean {
    return this.#surroundings.recent.has(uid)
  }

  numberOf(uid: number): number {
    const index = indexOfUid(this.#messages, uid)
    return this.#messages[index]?.uid === uid ? index + 1 : 0
  }

  resolve(set: ImapSequenceSet, byUid: boolean): readonly MessageEntry[] {
    const messages = this.#messages
    if (set === '$') return this.saved.flatMap((uid) => messages[this.numberOf(uid) - 1] ?? [])
    return resolvedSet(messages, set, byUid)
  }

  told(entries: readonly MessageEntry[]): void {
    if (entries.length === 0) return
    this.#tellListeners(entries)
    this.#messages = withNewer(this.#messages, entries)
    this.#hasToldModSequences = true
  }

  answered(entries: readonly MessageEntry[]): void {
    this.#tellListeners(this.#withheld.answered(entries))
  }

  #tellListeners(entries: readonly MessageEntry[]): void {
    if (this.#updateListeners.size > 0) for (const entry of entries) this.#toldBefore.push(entry)
  }

  removed(uids: readonly number[]): void {
    this.mailbox.wereRemoved(uids)
  }

  toldModSequences(highest = 0): void {
    this.#hasToldModSequences = true
    if (highest > this.mailbox.completeModSequence) this.#watch.isStale = true
  }

  async readAfresh(): Promise<void> {
    if (this.#surroundings.news().flags) return
    await this.requireThere()
    const { shown } = frozenMessages(this.#messages, this.mailbox.entries, nothingOwn)
    this.#withheld.withhold(viewChanges(this.#messages, shown, false)?.flagged ?? [])
    this.#messages = shown
  }

  async update({ expunges, look, pushed }: Parameters<ImapSelected['update']>[0]): Promise<void> {
    this.#requireNotGone()
    // What is not looked at is not told: then there are only changes of the client's own. Whoever waits for news is to have them.
    const isSkipped = this.#hasFailedNow && !look && pushed !== true
    this.#hasFailedNow = false
    if (!isSkipped && (look || this.#watch.isStale || this.#isAhead)) await this.#look()
    const changes = this.#changes(expunges)
    const toldBefore = this.#toldBefore.splice(0)
    const { vanished = [], arrived = [], flagged = [] } = changes ?? {}
    const update: ImapUpdate = { vanished, arrived, flagged: [...toldBefore, ...flagged] }
    const changed = vanished.length + arrived.length + update.flagged.length > 0
    const listeners = changed ? [...this.#updateListeners] : []
    for (const listener of listeners) await listener.telling?.(update)
    if (changes !== undefined) {
      const recentBefore = this.recentCount
      this.#messages = changes.messages
      if (vanished.length > 0) this.#forget(vanished)
      if (arrived.length > 0) this.#surroundings.recent.tell(arrived)
      const recentChanged = arrived.length > 0 || this.recentCount !== recentBefore
      await this.#surroundings.tell(this, changes, recentChanged)
    }
    for (const listener of listeners) await listener.fetching?.(update)
    for (const listener of listeners) await listener.told?.(update)
    if (expunges) this.mailbox.toldRemovals()
    this.#settle(changes?.untold ?? 0, changed)
  }

  /** What the client is to be told of now. */
  #changes(expunges: boolean): ViewChanges | undefined {
    const { messages, flags } = this.#surroundings.news()
    const { shown, isBehind } = messages
      ? { shown: this.mailbox.entries, isBehind: false }
      : frozenMessages(this.#messages, this.mailbox.entries, {
          removed: this.mailbox.removals,
          lastArrived: lastOwnArrival(this),
        })
    this.#areMessagesWithheld = isBehind
    const found = viewChanges(this.#messages, shown, expunges)
    if (flags) return this.#withheld.release(this.#messages, found)
    this.#withheld.withhold(found?.flagged ?? [])
    return found && { ...found, flagged: [] }
  }

  /** The client was told of mod-sequences of its own changes, and those of others may lie between. */
  get #isAhead(): boolean {
    const { highestModSequence, completeModSequence } = this.mailbox
    return highestModSequence > completeModSequence && this.#surroundings.tellsModSequences()
  }

  async #look(): Promise<void> {
    const { laterLook, tellSettled } = this.#surroundings
    try {
      await this.#watch.begin()
      this.#watch.isStale = false
      await this.requireThere()
      laterLook.isDone()
    } catch (error) {
      this.#watch.isStale = true
      if (this.mailbox.highestModSequence > this.#settled) tellSettled(this.#settled)
      if (!this.#hasFailedNow) this.#lookLater()
      this.#hasFailedNow = false
      throw error
    }
  }

  /** RFC 7162 §3.2, §6: whoever is told of higher mod-sequences than those of what waits, or is withheld, would miss that. */
  #settle(untold: number, changed: boolean): void {
    const isWhole = untold === 0 && this.#withheld.areNone && !this.#areMessagesWithheld
    if (isWhole) this.#settled = this.mailbox.completeModSequence
    const isBehind = untold > 0 || this.mailbox.highestModSequence > this.#settled
    if (isBehind && (changed || this.#hasToldModSequences)) this.#surroundings.tellSettled(this.#settled)
    this.#hasToldModSequences = false
  }

  async requireThere(): Promise<void> {
    this.#requireNotGone()
    try {
      await this.mailbox.refresh()
    } catch (error) {
      this.#watch.isStale = true
      this.#hasFailedNow = true
      await this.requireSame(error)
      this.#lookLater()
      throw error
    }
  }

  #lookLater(): void {
    if (!this.#isGone) this.#surroundings.laterLook.hasFailed(() => this.#watch.changed())
  }

  async requireSame(failure: unknown): Promise<void> {
    if (!(await this.#saysGone(failure))) return
    // There is no response that would unselect it, so the session ends.
    this.#isGone = true
    this.#surroundings.gone()
    this.#requireNotGone()
  }

  async #saysGone(error: unknown): Promise<boolean> {
    const code = errorCode(error)
    return code === 'MAIL_E_NOT_FOUND' || (code === 'MAIL_E_UNAVAILABLE' && this.#surroundings.isAnother())
  }

  #requireNotGone(): void {
    if (this.#isGone) throw new Refusal(no('The selected mailbox is gone', 'NONEXISTENT'))
  }

  #forget(vanished: readonly number[]): void {
    this.#withheld.forget(vanished)
    if (this.saved.length === 0) return
    const gone = new Set(vanished)
    this.saved = this.saved.filter((uid) => !gone.has(uid))
  }

  async introduce(entries: readonly MessageEntry[]): Promise<void> {
    if (this.#keywords.add(entries)) await this.#surroundings.tellFlags(this)
  }

  flagNames(): readonly string[] {
    return this.#keywords.flagNames()
  }

  permanentFlags(): Promise<readonly string[]> {
    return this.#surroundings.permanentFlags(this)
  }

  onUpdate(listener: ImapUpdateListener): () => void {
    this.#updateListeners.add(listener)
    return () => this.#updateListeners.delete(listener)
  }

  onChange(listener: () => void): () => void {
    return this.#watch.onChange(listener)
  }

  /** What was watched has another name now: the next update asks the store, and watches that. */
  async lookAnew(): Promise<void> {
    this.#watch.isStale = true
    await this.#watch.end()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#surroundings.laterLook.end()
    try {
      await this.#watch.end()
    } finally {
      await this.mailbox.close()
    }
  }
}
