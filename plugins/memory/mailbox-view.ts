import {
  type Account,
  bufferContent,
  type Content,
  type FlagChange,
  type Mailbox,
  MailwrightError,
  type MessageEntry,
  type RetrievalFlow,
} from 'mailwright'
import type { AccountData } from './account-data.ts'
import type { MailboxData, NewMessage } from './mailbox-data.ts'
import { requireRoom } from './quota.ts'

/** An opened mailbox: a list of entries that follows the data only when it is told to. */
export class MailboxView implements Mailbox {
  readonly #account: Account
  readonly #accountData: AccountData
  readonly #data: MailboxData
  readonly #flow: RetrievalFlow
  entries: readonly MessageEntry[]
  uidNext: number
  highestModSequence: number

  constructor(account: Account, accountData: AccountData, data: MailboxData, flow: RetrievalFlow) {
    this.#account = account
    this.#accountData = accountData
    this.#data = data
    this.#flow = flow
    this.entries = data.entries
    this.uidNext = data.uidNext
    this.highestModSequence = data.highestModSequence
  }

  get name(): string {
    return this.#data.name
  }

  get uidValidity(): number {
    return this.#data.uidValidity
  }

  async refresh(): Promise<boolean> {
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

  async changeFlags(uids: readonly number[], change: FlagChange): Promise<readonly MessageEntry[]> {
    const existing = this.#data.existing(uids)
    const changed = this.#data.changeFlags(existing, change)
    const entries = this.#entriesOf(existing)
    this.#takeOver(entries)
    if (changed.length > 0) {
      const flags = this.#entriesOf(changed).map((entry) => entry.flags)
      this.#flow.flagged({ ...this.#about(this.#data), cause: 'store', uids: changed, flags })
    }
    return entries
  }

  async expunge(uids: readonly number[]): Promise<readonly number[]> {
    const removed = this.#remove(uids)
    if (removed.length > 0)
      this.#flow.expunged({ ...this.#about(this.#data), cause: 'expunge', uids: removed })
    return removed
  }

  async copy(uids: readonly number[], target: string): Promise<void> {
    const targetData = this.#accountData.mailbox(target)
    const messages = this.#messages(uids).map((message) => ({ ...message, id: this.#accountData.nextId() }))
    requireRoom(
      this.#account,
      this.#accountData,
      messages.reduce((sum, message) => sum + message.octets.length, 0),
    )
    this.#addTo(targetData, messages, 'copy')
  }

  async move(uids: readonly number[], target: string): Promise<void> {
    const targetData = this.#accountData.mailbox(target)
    const messages = this.#messages(uids)
    const removed = this.#remove(uids)
    this.#addTo(targetData, messages, 'move')
    if (removed.length === 0) return
    this.#flow.expunged({ ...this.#about(this.#data), cause: 'move', uids: removed, to: targetData.name })
  }

  async close(): Promise<void> {
    this.entries = []
  }

  #messages(uids: readonly number[]): readonly NewMessage[] {
    return this.#data.existing(uids).flatMap((uid) => {
      const message = this.#data.find(uid)
      if (message === undefined) return []
      const { id, flags, internalDate } = message.entry
      return [{ id, flags, internalDate, octets: message.octets }]
    })
  }

  #addTo(target: MailboxData, messages: readonly NewMessage[], cause: 'copy' | 'move'): void {
    const uids = target.add(messages)
    if (uids.length > 0) this.#flow.stored({ ...this.#about(target), cause, uids, from: this.#data.name })
  }

  #remove(uids: readonly number[]): readonly number[] {
    const removed = this.#data.existing(uids)
    this.#data.remove(removed)
    this.entries = this.entries.filter((entry) => !removed.includes(entry.uid))
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
    return { account: this.#account, mailbox: data.name, uidValidity: data.uidValidity }
  }
}
