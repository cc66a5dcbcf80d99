import {
  type Appended,
  type AppendMessage,
  bufferContent,
  type Content,
  type ExpungeOptions,
  type FlagChange,
  type FlagChangeOptions,
  type FlagOutcome,
  isDeleted,
  type Mailbox,
  MailwrightError,
  type MessageEntry,
  type MessageSummary,
  type SearchCriterion,
  summarise,
  type Transfer,
} from 'mailwright'
import { searchEntries } from 'mailwright/search'
import { type Place, replace } from './delivery.ts'
import type { KeptMessage, MailboxData, NewMessage } from './mailbox-data.ts'
import { requireRoom } from './quota.ts'

/** An opened mailbox: a list of entries that follows the data only when it is told to. */
export class MailboxView implements Mailbox {
  readonly #place: Place
  readonly #data: MailboxData
  entries: readonly MessageEntry[]
  uidNext: number
  highestModSequence: number

  constructor(place: Place, data: MailboxData) {
    this.#place = place
    this.#data = data
    this.entries = data.entries
    this.uidNext = data.uidNext
    this.highestModSequence = data.highestModSequence
  }

  get name(): string {
    return this.#data.name
  }

  get id(): string {
    return this.#data.id
  }

  get uidValidity(): number {
    return this.#data.uidValidity
  }

  async refresh(): Promise<boolean> {
    if (this.#data.isGone)
      throw new MailwrightError('MAIL_E_NOT_FOUND', `the mailbox ${this.#data.name} was deleted`)
    const before = this.entries
    this.entries = this.#data.entries
    this.uidNext = this.#data.uidNext
    this.highestModSequence = this.#data.highestModSequence
    return (
      before.length !== this.entries.length || this.entries.some((entry, index) => entry !== before[index])
    )
  }

  async content(uid: number): Promise<Content> {
    const message = this.#data.find(uid)
    if (message === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `no message with UID ${uid}`)
    return bufferContent(message.octets)
  }

  async *summaries(uids: readonly number[]): AsyncGenerator<MessageSummary> {
    for (const uid of uids.toSorted((a, b) => a - b)) {
      const message = this.#data.find(uid)
      if (message !== undefined) yield await summarise(uid, bufferContent(message.octets))
    }
  }

  search(criterion: SearchCriterion): Promise<readonly number[]> {
    return searchEntries(this, criterion, this.#place.clock.now())
  }

  async vanishedSince(modSequence: number): Promise<readonly number[]> {
    return this.#data.vanishedSince(modSequence)
  }

  async changeFlags(
    uids: readonly number[],
    change: FlagChange,
    { unchangedSince = Number.POSITIVE_INFINITY }: FlagChangeOptions = {},
  ): Promise<FlagOutcome> {
    const existing = this.#entriesOf(this.#data.existing(uids))
    const modified = uidsOf(existing.filter((entry) => entry.modSequence > unchangedSince))
    const meant = uidsOf(existing.filter((entry) => entry.modSequence <= unchangedSince))
    const changed = this.#data.changeFlags(meant, change)
    const entries = this.#entriesOf(meant)
    this.#takeOver(entries)
    if (changed.length > 0) {
      const flags = this.#entriesOf(changed).map((entry) => entry.flags)
      this.#place.flow.flagged({ ...this.#about(this.#data), cause: 'store', uids: changed, flags })
    }
    return { entries, modified }
  }

  async expunge(
    uids: readonly number[],
    { onlyDeleted = false }: ExpungeOptions = {},
  ): Promise<readonly number[]> {
    const meant = onlyDeleted ? uidsOf(this.#entriesOf(this.#data.existing(uids)).filter(isDeleted)) : uids
    return this.#expunge(meant)
  }

  async copy(uids: readonly number[], target: string): Promise<Transfer> {
    const { account, data } = this.#place
    const targetData = data.mailbox(target)
    const messages = this.#messages(uids)
    const octets = messages.reduce((sum, message) => sum + message.octets.length, 0)
    requireRoom(account, data, octets)
    return this.#addTo(targetData, messages, 'copy')
  }

  async move(uids: readonly number[], target: string): Promise<Transfer> {
    const targetData = this.#place.data.mailbox(target)
    const messages = this.#messages(uids)
    const transfer = this.#addTo(targetData, messages, 'move')
    const removed = this.#remove(messages.map(({ entry }) => entry.uid))
    if (removed.length > 0) {
      const to = targetData.name
      this.#place.flow.expunged({ ...this.#about(this.#data), cause: 'move', uids: removed, to })
    }
    return transfer
  }

  async replace(uid: number, message: AppendMessage, origin?: string): Promise<Appended | undefined> {
    const replaced = this.#data.find(uid)
    if (replaced === undefined) return undefined
    const put = { ...message, mailbox: this.#data, origin }
    return replace(this.#place, replaced, put, () => this.#expunge([uid]))
  }

  async close(): Promise<void> {
    this.entries = []
  }

  #messages(uids: readonly number[]): readonly KeptMessage[] {
    return this.#data.existing(uids).flatMap((uid) => this.#data.find(uid) ?? [])
  }

  #addTo(target: MailboxData, messages: readonly KeptMessage[], cause: 'copy' | 'move'): Transfer {
    const added = messages.map((message): NewMessage => {
      const { id, flags, internalDate } = message.entry
      return { id, flags, internalDate, octets: message.octets }
    })
    const uids = target.add(added, new Date(this.#place.clock.now()))
    if (uids.length > 0)
      this.#place.flow.stored({ ...this.#about(target), cause, uids, from: this.#data.name })
    const pairs = messages.map(({ entry }, index) => [entry.uid, uids[index] ?? 0] as const)
    return { uidValidity: target.uidValidity, uids: pairs }
  }

  #expunge(uids: readonly number[]): readonly number[] {
    const removed = this.#remove(uids)
    if (removed.length > 0)
      this.#place.flow.expunged({ ...this.#about(this.#data), cause: 'expunge', uids: removed })
    return removed
  }

  #remove(uids: readonly number[]): readonly number[] {
    const removed = this.#data.existing(uids)
    this.#data.remove(removed)
    const gone = new Set(removed)
    this.entries = this.entries.filter((entry) => !gone.has(entry.uid))
    this.highestModSequence = Math.max(this.highestModSequence, this.#data.highestModSequence)
    return removed
  }

  #entriesOf(uids: readonly number[]): readonly MessageEntry[] {
    return uids.flatMap((uid) => this.#data.find(uid)?.entry ?? [])
  }

  /** Own changes are seen at once; what others did waits for the refresh. */
  #takeOver(entries: readonly MessageEntry[]): void {
    const changed = new Map(entries.map((entry) => [entry.uid, entry]))
    this.entries = this.entries.map((entry) => changed.get(entry.uid) ?? entry)
    this.highestModSequence = Math.max(this.highestModSequence, ...entries.map((entry) => entry.modSequence))
  }

  #about(data: MailboxData) {
    return { account: this.#place.account, mailbox: data.name, uidValidity: data.uidValidity }
  }
}

function uidsOf(entries: readonly MessageEntry[]): readonly number[] {
  return entries.map((entry) => entry.uid)
}
