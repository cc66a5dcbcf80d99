import { join } from 'node:path'
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
  type Transfer,
} from 'mailwright'
import { withStoreErrors } from 'mailwright/disk'
import { withSubscription, withUse } from './account-facts.ts'
import { withAnnotations } from './annotations.ts'
import type { MboxContext } from './context.ts'
import { Incoming } from './incoming.ts'
import { MboxMailbox } from './mailbox.ts'
import { createMailbox, deleteMailbox, renameMailbox } from './mailbox-list.ts'
import { canonicalMailboxName, inbox } from './mailbox-name.ts'
import type { MailboxState } from './mailbox-state.ts'
import { MailboxWatch } from './mailbox-watch.ts'
import { accountUsage, type Usage } from './quota.ts'
import type { SharedAccount } from './shared-states.ts'
import { moveMessages, type TransferSource } from './transfer.ts'

const maildropLock = 'maildrop.lock'

/** One account's mbox files. */
export class MboxAccountStore implements AccountStore {
  readonly account: Account
  readonly #context: MboxContext
  readonly #shared: SharedAccount
  readonly #incoming: Incoming

  constructor(context: MboxContext, account: Account, shared: SharedAccount) {
    this.account = account
    this.#context = context
    this.#shared = shared
    this.#incoming = new Incoming(context, account, shared)
  }

  mailboxes(): Promise<readonly MailboxInfo[]> {
    return withStoreErrors('listing mailboxes', async () => {
      const { uses, subscriptions } = await this.#shared.accountFile.read()
      const subscribed = new Set(subscriptions)
      return (await this.#shared.files.list()).map((name) => {
        const use = uses.get(name)
        const info = { name, subscribed: subscribed.has(name), namespace: 'personal' as const }
        return use === undefined ? info : { ...info, specialUse: use }
      })
    })
  }

  createMailbox(name: string, options: CreateOptions = {}): Promise<void> {
    return withStoreErrors('making a mailbox', async () =>
      createMailbox(this.#shared, canonicalMailboxName(name), options),
    )
  }

  deleteMailbox(name: string): Promise<void> {
    return withStoreErrors('deleting a mailbox', async () =>
      deleteMailbox(this.#shared, canonicalMailboxName(name)),
    )
  }

  renameMailbox(from: string, to: string): Promise<void> {
    return withStoreErrors('renaming a mailbox', async () => {
      const [old, fresh] = [canonicalMailboxName(from), canonicalMailboxName(to)]
      if (old !== inbox) return renameMailbox(this.#shared, old, fresh)
      // RFC 9051 §6.3.6: INBOX stays, its messages move.
      await createMailbox(this.#shared, fresh)
      const mailbox = await this.openMailbox(inbox)
      try {
        await mailbox.move(
          mailbox.entries.map(({ uid }) => uid),
          fresh,
        )
      } finally {
        await mailbox.close()
      }
    })
  }

  subscriptions(): Promise<readonly string[]> {
    return withStoreErrors(
      'reading subscriptions',
      async () => (await this.#shared.accountFile.read()).subscriptions,
    )
  }

  subscribe(name: string, subscribed: boolean): Promise<void> {
    return withStoreErrors('subscribing', async () => {
      const canonical = canonicalMailboxName(name)
      await this.#shared.accountFile.change((facts) => withSubscription(facts, canonical, subscribed))
    })
  }

  setSpecialUse(name: string, use: SpecialUse | undefined): Promise<void> {
    return withStoreErrors('setting a special use', async () => {
      const canonical = await this.#existing(name)
      await this.#shared.accountFile.change((facts) => withUse(facts, canonical, use))
    })
  }

  status(name: string): Promise<MailboxStatus> {
    return withStoreErrors('looking at a mailbox', () => this.#with(name, statusOf))
  }

  openMailbox(name: string): Promise<Mailbox> {
    return withStoreErrors('opening a mailbox', async () => {
      const { state, release } = this.#shared.share(canonicalMailboxName(name))
      try {
        await state.sync({ whole: true })
        return new MboxMailbox(state, {
          release,
          copy: (source, target) => this.#incoming.copy(source, target),
          move: (source, target) => this.#move(source, target),
        })
      } catch (error) {
        release()
        throw error
      }
    })
  }

  stage(mailbox: string, content: Content, options: StageOptions = {}): Promise<StagedMessage> {
    return withStoreErrors('delivering a message', () => this.#incoming.stage(mailbox, content, options))
  }

  append(
    mailbox: string,
    messages: readonly AppendMessage[],
    origin?: string,
    freed?: number,
  ): Promise<Appended> {
    return withStoreErrors('appending messages', () =>
      this.#incoming.append(mailbox, messages, origin, freed),
    )
  }

  setQuota(quotaBytes: number | undefined): void {
    this.#incoming.quotaBytes = quotaBytes
  }

  usage(): Promise<Usage> {
    return withStoreErrors('measuring mailboxes', () => accountUsage(this.#shared))
  }

  metadata(mailbox: string | undefined): Promise<Metadata> {
    return withStoreErrors('reading annotations', async () => {
      const name = mailbox === undefined ? '' : await this.#existing(mailbox)
      return (await this.#shared.accountFile.read()).annotations.get(name) ?? new Map()
    })
  }

  setMetadata(mailbox: string | undefined, changes: ReadonlyMap<string, Buffer | null>): Promise<void> {
    return withStoreErrors('setting annotations', async () => {
      const name = mailbox === undefined ? '' : await this.#existing(mailbox)
      await this.#shared.accountFile.change((facts) => withAnnotations(facts, name, changes))
    })
  }

  myRights(mailbox: string): Promise<Rights> {
    return withStoreErrors('reading rights', async () => {
      await this.#existing(mailbox)
      return allRights
    })
  }

  async accessList(): Promise<readonly AccessEntry[]> {
    throw withoutRights()
  }

  async setAccess(): Promise<void> {
    throw withoutRights()
  }

  watch(
    mailboxes: readonly string[] | 'all',
    listener: (mailbox: string | undefined) => void,
  ): Promise<Lease> {
    const names = mailboxes === 'all' ? mailboxes : new Set(mailboxes.map(canonicalMailboxName))
    const { files } = this.#shared
    return withStoreErrors('watching mailboxes', () =>
      MailboxWatch.start(this.#context, files, names, listener),
    )
  }

  lockMaildrop(): Promise<Lease> {
    return withStoreErrors('locking the maildrop', async () => {
      const lease = await this.#context.locks.tryOwn(join(this.#shared.files.control, maildropLock))
      if (lease !== undefined) return lease
      throw new MailwrightError('MAIL_E_IN_USE', `the maildrop of ${this.account.id} is in use`)
    })
  }

  /** The canonical name of a mailbox that exists. */
  async #existing(name: string): Promise<string> {
    const canonical = canonicalMailboxName(name)
    await this.#shared.files.require(canonical)
    return canonical
  }

  async #move(source: TransferSource, target: string): Promise<Transfer> {
    await this.#existing(target)
    return this.#with(target, (state) => moveMessages(source, state))
  }

  async #with<T>(name: string, run: (state: MailboxState) => Promise<T>): Promise<T> {
    const { state, release } = this.#shared.share(canonicalMailboxName(name))
    try {
      return await run(state)
    } finally {
      release()
    }
  }
}

async function statusOf(state: MailboxState): Promise<MailboxStatus> {
  await state.sync()
  const { id, uidValidity, uidNext, entries } = state.known.snapshot()
  return {
    name: state.place.name,
    id,
    uidValidity,
    uidNext,
    messages: entries.length,
    unseen: entries.filter(({ flags }) => !flags.includes('\\Seen')).length,
    deleted: entries.filter(({ flags }) => flags.includes('\\Deleted')).length,
    size: entries.reduce((sum, { size }) => sum + size, 0),
    highestModSequence: 0,
  }
}

function withoutRights(): MailwrightError {
  return new MailwrightError('MAIL_E_UNSUPPORTED', 'mbox files are open to their own account only')
}
