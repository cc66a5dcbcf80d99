import {
  type AccessEntry,
  type Account,
  type AccountStore,
  type Appended,
  type AppendMessage,
  allRights,
  type Content,
  type CreateOptions,
  type Lease,
  type Mailbox,
  type MailboxInfo,
  type MailboxStatus,
  MailwrightError,
  type Metadata,
  type Rights,
  type SpecialUse,
  type StagedMessage,
  type StageOptions,
} from 'mailwright'
import type { AccountData } from './account-data.ts'
import { append, type Place, type StoreContext, stage } from './delivery.ts'
import { canonicalName } from './mailbox-name.ts'
import { MailboxView } from './mailbox-view.ts'

/** The mailboxes of one account, in memory. */
export class MemoryAccountStore implements AccountStore {
  readonly account: Account
  readonly #data: AccountData
  readonly #place: Place

  constructor(account: Account, data: AccountData, context: StoreContext) {
    this.account = account
    this.#data = data
    this.#place = { ...context, account, data }
  }

  async mailboxes(): Promise<readonly MailboxInfo[]> {
    return this.#data.mailboxes.map(({ name, specialUse }) => ({
      name,
      subscribed: this.#data.subscribed.has(name),
      namespace: 'personal',
      ...(specialUse === undefined ? {} : { specialUse }),
    }))
  }

  async createMailbox(name: string, options: CreateOptions = {}): Promise<void> {
    const made = this.#data.create(name)
    if (options.specialUse !== undefined) this.#data.setSpecialUse(made, options.specialUse)
  }

  async deleteMailbox(name: string): Promise<void> {
    this.#data.delete(name)
  }

  async renameMailbox(from: string, to: string): Promise<void> {
    if (canonicalName(from) !== 'INBOX') return this.#data.rename(from, to)
    // RFC 9051 §6.3.6: INBOX stays, its messages move.
    this.#data.create(to)
    const inbox = await this.openMailbox('INBOX')
    await inbox.move(
      inbox.entries.map((entry) => entry.uid),
      to,
    )
  }

  async subscriptions(): Promise<readonly string[]> {
    return [...this.#data.subscribed].sort()
  }

  async subscribe(name: string, subscribed: boolean): Promise<void> {
    this.#data.subscribe(name, subscribed)
  }

  async setSpecialUse(name: string, use: SpecialUse | undefined): Promise<void> {
    this.#data.setSpecialUse(this.#data.mailbox(name), use)
  }

  async status(name: string): Promise<MailboxStatus> {
    const data = this.#data.mailbox(name)
    const { entries, id, uidValidity, uidNext, size, highestModSequence } = data
    const seen = entries.filter((entry) => entry.flags.includes('\\Seen')).length
    return {
      name: data.name,
      id,
      uidValidity,
      uidNext,
      messages: entries.length,
      unseen: entries.length - seen,
      deleted: entries.filter((entry) => entry.flags.includes('\\Deleted')).length,
      size,
      highestModSequence,
    }
  }

  async openMailbox(name: string): Promise<Mailbox> {
    return new MailboxView(this.#place, this.#data.mailbox(name))
  }

  stage(mailbox: string, content: Content, options: StageOptions = {}): Promise<StagedMessage> {
    return stage(this.#place, mailbox, content, options)
  }

  append(
    mailbox: string,
    messages: readonly AppendMessage[],
    origin?: string,
    freed?: number,
  ): Promise<Appended> {
    return append(this.#place, mailbox, messages, { origin, freed })
  }

  async usage(): Promise<{ readonly bytes: number; readonly messages: number }> {
    return this.#data.usage
  }

  async metadata(mailbox: string | undefined): Promise<Metadata> {
    return this.#data.annotations(mailbox).values
  }

  async setMetadata(mailbox: string | undefined, changes: ReadonlyMap<string, Buffer | null>): Promise<void> {
    this.#data.annotations(mailbox).change(changes)
    this.#data.watchers.tell(mailbox === undefined ? undefined : canonicalName(mailbox))
  }

  async myRights(mailbox: string): Promise<Rights> {
    this.#data.mailbox(mailbox)
    return allRights
  }

  async accessList(): Promise<readonly AccessEntry[]> {
    throw withoutRights()
  }

  async setAccess(): Promise<void> {
    throw withoutRights()
  }

  async watch(
    mailboxes: readonly string[] | 'all',
    listener: (mailbox: string | undefined) => void,
  ): Promise<Lease> {
    const names = mailboxes === 'all' ? undefined : mailboxes.map(canonicalName)
    return this.#data.watchers.watch(names, listener)
  }

  async lockMaildrop(): Promise<Lease> {
    if (this.#data.maildropLocked) throw new MailwrightError('MAIL_E_IN_USE', 'the maildrop is locked')
    this.#data.maildropLocked = true
    let held = true
    return {
      release: async () => {
        if (!held) return
        held = false
        this.#data.maildropLocked = false
      },
    }
  }
}

function withoutRights(): MailwrightError {
  return new MailwrightError('MAIL_E_UNSUPPORTED', 'mailboxes in memory are open to their own account only')
}
