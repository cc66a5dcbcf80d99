import {
  errorCode,
  indexOfUid,
  type Lease,
  type MailboxFacts,
  type MessageEntry,
  systemFlags,
  type UidRange,
} from 'mailwright'
import type { ImapNews, ImapSelected, ImapSequenceSet, ImapUpdate, ImapUpdateListener } from 'mailwright/imap'
import { keywordsOf, mailboxFacts } from './keywords.ts'
import type { LaterLook } from './later-look.ts'
import { withNewer } from './newer-entries.ts'
import type { RecentView } from './recent-view.ts'
import type { RenamableMailbox } from './renamable-mailbox.ts'
import { bad, no, Refusal } from './result.ts'
import { settledRanges } from './sequence-set.ts'
import { type ViewChanges, viewChanges } from './view-changes.ts'

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
  readonly #changeListeners = new Set<() => void>()
  readonly #updateListeners = new Set<ImapUpdateListener>()
  /** What the client was told of by commands that changed flags: listeners learn of it with the next update. */
  readonly #toldBefore: MessageEntry[] = []
  #messages: readonly MessageEntry[]
  /** The mod-sequence up to which the client was told of everything. */
  #settled: number
  /** Others have changed flags of which the client did not want to hear. */
  #areFlagsWithheld = false
  #watch: Promise<Lease> | undefined
  /** Something may have changed since the store was asked. */
  #isStale = true
  /** The command that is answered has waited for the store in vain: what comes behind it does not wait as long once more. */
  #hasFailedNow = false
  #isGone = false
  #closed = false
  #keywords: Set<string> | undefined
  saved: readonly number[] = []

  constructor(mailbox: RenamableMailbox, isReadOnly: boolean, surroundings: SelectedSurroundings) {
    this.mailbox = mailbox
    this.isReadOnly = isReadOnly
    this.#surroundings = surroundings
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
    const star = byUid ? (messages.at(-1)?.uid ?? 0) : messages.length
    const found: MessageEntry[][] = []
    for (const { first, last } of settledRanges(set, star)) {
      if (!byUid && (first < 1 || last > messages.length)) throw new Refusal(bad('There is no such message'))
      const [start, end] = byUid
        ? [indexOfUid(messages, first), indexOfUid(messages, last + 1)]
        : [first - 1, last]
      found.push(messages.slice(start, end))
    }
    return found.length === 1 && found[0] !== undefined ? found[0] : found.flat()
  }

  told(entries: readonly MessageEntry[]): void {
    if (entries.length === 0) return
    if (this.#updateListeners.size > 0) for (const entry of entries) this.#toldBefore.push(entry)
    this.#messages = withNewer(this.#messages, entries)
  }

  async update({ expunges, look, pushed }: Parameters<ImapSelected['update']>[0]): Promise<void> {
    const { messages, flags } = this.#surroundings.news()
    this.#requireNotGone()
    // What is not looked at is not told: then there are only changes of the client's own. Whoever waits for news is to have them.
    const isSkipped = this.#hasFailedNow && !look && pushed !== true
    this.#hasFailedNow = false
    if (messages && !isSkipped && (look || this.#isStale || this.#isAhead)) await this.#look()
    const found = viewChanges(this.#messages, this.mailbox.entries, expunges)
    if (!flags && found !== undefined && found.flagged.length > 0) this.#areFlagsWithheld = true
    const changes = found === undefined || flags ? found : { ...found, flagged: [] }
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
    this.#settle(changes?.untold ?? 0, changed || pushed !== true)
  }

  /** The client was told of mod-sequences of its own changes, and those of others may lie between. */
  get #isAhead(): boolean {
    const { highestModSequence, completeModSequence } = this.mailbox
    return highestModSequence > completeModSequence && this.#surroundings.tellsModSequences()
  }

  async #look(): Promise<void> {
    const { laterLook, tellSettled } = this.#surroundings
    try {
      await this.#beginWatch()
      this.#isStale = false
      await this.requireThere()
      laterLook.isDone()
    } catch (error) {
      this.#isStale = true
      if (this.mailbox.highestModSequence > this.#settled) tellSettled(this.#settled)
      if (!this.#hasFailedNow) this.#lookLater()
      this.#hasFailedNow = false
      throw error
    }
  }

  /** RFC 7162 §3.2, §6: whoever is told of higher mod-sequences than those of what waits, or is withheld, would miss that. */
  #settle(untold: number, mayHaveTold: boolean): void {
    if (untold === 0 && !this.#areFlagsWithheld) this.#settled = this.mailbox.completeModSequence
    const isBehind = untold > 0 || this.mailbox.highestModSequence > this.#settled
    if (isBehind && mayHaveTold) this.#surroundings.tellSettled(this.#settled)
  }

  async requireThere(): Promise<void> {
    this.#requireNotGone()
    try {
      await this.mailbox.refresh()
    } catch (error) {
      this.#isStale = true
      this.#hasFailedNow = true
      await this.requireSame(error)
      this.#lookLater()
      throw error
    }
  }

  #lookLater(): void {
    if (!this.#isGone) this.#surroundings.laterLook.hasFailed(() => this.#changed())
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
    if (this.saved.length === 0) return
    const gone = new Set(vanished)
    this.saved = this.saved.filter((uid) => !gone.has(uid))
  }

  /** The keywords that the client has been told of. */
  get #toldKeywords(): Set<string> {
    this.#keywords ??= new Set(mailboxFacts(this.#messages).keywords)
    return this.#keywords
  }

  async introduce(entries: readonly MessageEntry[]): Promise<void> {
    if (entries.length === 0) return
    const told = this.#toldKeywords
    const fresh = keywordsOf(entries).filter((keyword) => !told.has(keyword))
    if (fresh.length === 0) return
    for (const keyword of fresh) told.add(keyword)
    await this.#surroundings.tellFlags(this)
  }

  flagNames(): readonly string[] {
    return [...systemFlags, ...this.#toldKeywords]
  }

  permanentFlags(): Promise<readonly string[]> {
    return this.#surroundings.permanentFlags(this)
  }

  onUpdate(listener: ImapUpdateListener): () => void {
    this.#updateListeners.add(listener)
    return () => this.#updateListeners.delete(listener)
  }

  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener)
    return () => this.#changeListeners.delete(listener)
  }

  /** Only from the first look on: a mailbox that is opened, read once and closed is not worth it. */
  async #beginWatch(): Promise<void> {
    this.#watch ??= this.#surroundings.watch(() => this.#changed())
    try {
      await this.#watch
    } catch (error) {
      // The next look tries again.
      this.#watch = undefined
      throw error
    }
  }

  #changed(): void {
    this.#isStale = true
    for (const listener of this.#changeListeners) listener()
  }

  /** What was watched has another name now: the next update asks the store, and watches that. */
  async lookAnew(): Promise<void> {
    this.#isStale = true
    await this.#endWatch()
  }

  async #endWatch(): Promise<void> {
    const watch = this.#watch
    this.#watch = undefined
    const lease = await watch?.catch(() => undefined)
    await lease?.release()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#surroundings.laterLook.end()
    try {
      await this.#endWatch()
    } finally {
      await this.mailbox.close()
    }
  }
}
