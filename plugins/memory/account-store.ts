import {
  type Account,
  type AccountStore,
  type Clock,
  type Content,
  type Lease,
  type Mailbox,
  type MailboxStatus,
  MailwrightError,
  type RetrievalFlow,
  readAll,
  type StagedMessage,
  type StageOptions,
} from 'mailwright'
import type { AccountData } from './account-data.ts'
import { canonicalFlags } from './flags.ts'
import type { NewMessage } from './mailbox-data.ts'
import { canonicalName } from './mailbox-name.ts'
import { MailboxView } from './mailbox-view.ts'
import { requireRoom } from './quota.ts'

/** What all account stores of one store share. */
export interface StoreContext {
  readonly flow: RetrievalFlow
  readonly clock: Clock
}

/** The mailboxes of one account, in memory. */
export class MemoryAccountStore implements AccountStore {
  readonly account: Account
  readonly #data: AccountData
  readonly #context: StoreContext

  constructor(account: Account, data: AccountData, context: StoreContext) {
    this.account = account
    this.#data = data
    this.#context = context
  }

  async mailboxes(): Promise<readonly string[]> {
    return this.#data.names
  }

  async createMailbox(name: string): Promise<void> {
    this.#data.create(name)
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

  async status(name: string): Promise<MailboxStatus> {
    const data = this.#data.mailbox(name)
    const { entries, uidValidity, uidNext, size, highestModSequence } = data
    const unseen = entries.filter((entry) => !entry.flags.includes('\\Seen')).length
    return {
      name: data.name,
      uidValidity,
      uidNext,
      messages: entries.length,
      unseen,
      size,
      highestModSequence,
    }
  }

  async openMailbox(name: string): Promise<Mailbox> {
    return new MailboxView(this.account, this.#data, this.#data.mailbox(name), this.#context.flow)
  }

  async stage(mailbox: string, content: Content, options: StageOptions = {}): Promise<StagedMessage> {
    if (!options.create || this.#data.has(mailbox)) this.#data.mailbox(mailbox)
    const flags = canonicalFlags(options.flags ?? [])
    requireRoom(this.account, this.#data, content.size)
    this.#data.stagedBytes += content.size
    const endStaging = (): void => {
      this.#data.stagedBytes -= content.size
    }
    try {
      // A copy, for the source may be disposed of before this message is.
      const octets = Buffer.from(await readAll(content))
      const internalDate = options.internalDate ?? new Date(this.#context.clock.now())
      return this.#staged(
        mailbox,
        { id: this.#data.nextId(), flags, internalDate, octets },
        options,
        endStaging,
      )
    } catch (error) {
      endStaging()
      throw error
    }
  }

  #staged(
    mailbox: string,
    message: NewMessage,
    options: StageOptions,
    endStaging: () => void,
  ): StagedMessage {
    let state: 'staged' | 'committed' | 'aborted' = 'staged'
    return {
      commit: async () => {
        if (state === 'aborted')
          throw new MailwrightError('MAIL_E_NOT_FOUND', 'the staged message was aborted')
        if (state === 'committed') return
        this.#store(mailbox, message, options)
        state = 'committed'
        endStaging()
      },
      abort: async () => {
        if (state !== 'staged') return
        state = 'aborted'
        endStaging()
      },
    }
  }

  #store(mailbox: string, message: NewMessage, options: StageOptions): void {
    const data =
      options.create && !this.#data.has(mailbox) ? this.#data.create(mailbox) : this.#data.mailbox(mailbox)
    this.#context.flow.stored({
      account: this.account,
      mailbox: data.name,
      cause: options.cause ?? 'append',
      uidValidity: data.uidValidity,
      uids: data.add([message]),
      ...(options.origin === undefined ? {} : { origin: options.origin }),
    })
  }

  async usage(): Promise<{ readonly bytes: number; readonly messages: number }> {
    return this.#data.usage
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
