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
  inbox,
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
import { withStoreErrors } from 'mailwright/disk'
import { canonicalMaildirMailbox } from 'mailwright/formats'
import type { MaildirContext } from '../context.ts'
import type { MailboxPlace } from '../files/mailbox-place.ts'
import { MaildirMailbox } from '../mailbox/mailbox.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import type { Preparations } from '../mailbox/preparations.ts'
import type { SharedStates } from '../mailbox/shared-states.ts'
import { statusOf } from '../mailbox/status.ts'
import type { QuotaSums } from '../quota/maildirsize.ts'
import type { AccountListings } from './account-listings.ts'
import { AccountMessages } from './account-messages.ts'
import { AccountSettings } from './account-settings.ts'
import { AccountWatch } from './account-watch.ts'
import type { MailboxDirectories } from './mailboxes.ts'

const maildropLockName = 'mailwright-maildrop.lock'

export interface AccountParts {
  readonly account: Account
  /** The account's Maildir. */
  readonly root: string
  readonly directories: MailboxDirectories
  readonly listings: AccountListings
  readonly states: SharedStates
  readonly preparations: Preparations
}

/** One account's Maildir. */
export class MaildirAccountStore implements AccountStore {
  readonly account: Account
  readonly #context: MaildirContext
  readonly #root: string
  readonly #directories: MailboxDirectories
  readonly #states: SharedStates
  readonly #settings: AccountSettings
  readonly #messages: AccountMessages

  constructor(context: MaildirContext, parts: AccountParts) {
    this.account = parts.account
    this.#context = context
    this.#root = parts.root
    this.#directories = parts.directories
    this.#states = parts.states
    this.#settings = new AccountSettings(context, parts)
    this.#messages = new AccountMessages(context, parts)
  }

  mailboxes(): Promise<readonly MailboxInfo[]> {
    return withStoreErrors('listing mailboxes', () => this.#settings.mailboxes())
  }

  createMailbox(name: string, { specialUse }: CreateOptions = {}): Promise<void> {
    return withStoreErrors('making a mailbox', async () => {
      await this.#directories.create(canonicalMaildirMailbox(name))
      if (specialUse !== undefined)
        await this.#settings.setSpecialUse(canonicalMaildirMailbox(name), specialUse)
    })
  }

  deleteMailbox(name: string): Promise<void> {
    return withStoreErrors('deleting a mailbox', async () => {
      const canonical = canonicalMaildirMailbox(name)
      if (canonical === inbox) throw new MailwrightError('MAIL_E_INVALID', 'INBOX cannot be deleted')
      await this.#directories.requireRemovable(canonical)
      await this.#withState(canonical, (state) =>
        this.#messages.removeAll(state, () => this.#directories.remove(state.place.path)),
      )
    })
  }

  renameMailbox(from: string, to: string): Promise<void> {
    return withStoreErrors('renaming a mailbox', async () => {
      const [old, renamed] = [canonicalMaildirMailbox(from), canonicalMaildirMailbox(to)]
      if (renamed.startsWith(`${old}/`) && old !== inbox)
        throw new MailwrightError('MAIL_E_INVALID', `${old} cannot be moved below itself`)
      if (old !== inbox) return this.#directories.rename(old, renamed)
      await this.#directories.create(renamed)
      const mailbox = await this.openMailbox(inbox)
      try {
        await mailbox.move(
          mailbox.entries.map(({ uid }) => uid),
          renamed,
        )
      } finally {
        await mailbox.close()
      }
    })
  }

  subscriptions(): Promise<readonly string[]> {
    return withStoreErrors('reading subscriptions', () => this.#settings.subscriptions())
  }

  subscribe(name: string, subscribed: boolean): Promise<void> {
    return withStoreErrors('subscribing', async () =>
      this.#settings.subscribe(canonicalMaildirMailbox(name), subscribed),
    )
  }

  setSpecialUse(name: string, use: SpecialUse | undefined): Promise<void> {
    return withStoreErrors('marking a mailbox', async () =>
      this.#settings.setSpecialUse(canonicalMaildirMailbox(name), use),
    )
  }

  metadata(mailbox: string | undefined): Promise<Metadata> {
    return withStoreErrors('reading annotations', async () =>
      this.#settings.metadata(mailbox === undefined ? undefined : canonicalMaildirMailbox(mailbox)),
    )
  }

  setMetadata(mailbox: string | undefined, changes: ReadonlyMap<string, Buffer | null>): Promise<void> {
    return withStoreErrors('annotating', async () =>
      this.#settings.setMetadata(
        mailbox === undefined ? undefined : canonicalMaildirMailbox(mailbox),
        changes,
      ),
    )
  }

  async myRights(mailbox: string): Promise<Rights> {
    await this.#directories.open(canonicalMaildirMailbox(mailbox))
    return allRights
  }

  async accessList(mailbox: string): Promise<readonly AccessEntry[]> {
    throw notShared(mailbox)
  }

  async setAccess(mailbox: string): Promise<void> {
    throw notShared(mailbox)
  }

  status(name: string): Promise<MailboxStatus> {
    return withStoreErrors('looking at a mailbox', async () => {
      const canonical = canonicalMaildirMailbox(name)
      const { path, isKnown } = await this.#look(canonical, this.#directories.open(canonical))
      return this.#states.using(this.#placeAt(canonical, path), async (state) => {
        await state.sync(isKnown)
        return statusOf(state.place.name, state.snapshot())
      })
    })
  }

  openMailbox(name: string): Promise<Mailbox> {
    return withStoreErrors('opening a mailbox', async () => {
      const canonical = canonicalMaildirMailbox(name)
      const { path, isKnown } = await this.#look(canonical, this.#directories.openChecked(canonical))
      const { state, release } = this.#states.share(this.#placeAt(canonical, path))
      try {
        await state.sync(isKnown)
        // At once: what is prepared for later is not on the disk yet.
        const mailbox = new MaildirMailbox(state, {
          release,
          copy: async (source, uids, target) => this.#messages.copy(source, uids, await this.#place(target)),
          move: async (source, uids, target) => this.#messages.move(source, uids, await this.#place(target)),
          expunge: (source, uids, options) => this.#messages.expunge(source, uids, options),
          replace: (source, uid, message, origin) => this.#messages.replace(source, uid, message, origin),
        })
        await state.staleFiles.remove()
        return mailbox
      } catch (error) {
        release()
        throw error
      }
    })
  }

  stage(mailbox: string, content: Content, options: StageOptions = {}): Promise<StagedMessage> {
    return withStoreErrors('delivering a message', async () => {
      const name = canonicalMaildirMailbox(mailbox)
      if (options.create !== true) return this.#messages.stage(await this.#place(name), content, options)
      const isMissing = await this.#directories.isMissing(name)
      const place = isMissing
        ? this.#placeAt(name, this.#directories.likelyPath(name))
        : await this.#place(name)
      const make = (): Promise<void> => this.#createOnce(name)
      return this.#messages.stage(place, content, options, { isMissing, make })
    })
  }

  append(
    mailbox: string,
    messages: readonly AppendMessage[],
    origin?: string,
    freed?: number,
  ): Promise<Appended> {
    return withStoreErrors('storing messages', async () => {
      return this.#messages.append(await this.#place(mailbox), messages, { origin, freed })
    })
  }

  setQuota(quotaBytes: number | undefined): void {
    this.#messages.quotaBytes = quotaBytes
  }

  usage(): Promise<QuotaSums> {
    return withStoreErrors('measuring mailboxes', () => this.#messages.usage())
  }

  watch(
    mailboxes: readonly string[] | 'all',
    listener: (mailbox: string | undefined) => void,
  ): Promise<Lease> {
    return withStoreErrors('watching mailboxes', async () => {
      const wanted = mailboxes === 'all' ? mailboxes : new Set(mailboxes.map(canonicalMaildirMailbox))
      const watch = new AccountWatch(this.#context, this.#directories, wanted, listener)
      await watch.start()
      return watch
    })
  }

  lockMaildrop(): Promise<Lease> {
    return withStoreErrors('locking the maildrop', async () => {
      const lease = await this.#context.locks.tryAcquire(join(this.#root, maildropLockName))
      if (lease !== undefined) return lease
      throw new MailwrightError('MAIL_E_IN_USE', `the maildrop of ${this.account.id} is in use`)
    })
  }

  /** Two deliveries may find at the same time that a mailbox is missing. */
  async #createOnce(name: string): Promise<void> {
    try {
      await this.#directories.create(name)
    } catch (error) {
      if (!(error instanceof MailwrightError && error.code === 'MAIL_E_EXISTS')) throw error
    }
  }

  /** Where a mailbox is and whether it is as it was: both are asked of the disk at the same time. */
  async #look(
    name: string,
    opening: Promise<string>,
  ): Promise<{ readonly path: string; readonly isKnown: boolean }> {
    const likely = this.#directories.likelyPath(name)
    const known = this.#states.known(likely)
    const [path, isKnown] = await Promise.all([opening, known?.isKnown() ?? false])
    return { path, isKnown: isKnown && path === likely && known === this.#states.known(path) }
  }

  async #withState<T>(name: string, run: (state: MailboxState) => Promise<T>): Promise<T> {
    return this.#states.using(await this.#place(name), run)
  }

  async #place(name: string): Promise<MailboxPlace> {
    const canonical = canonicalMaildirMailbox(name)
    return this.#placeAt(canonical, await this.#directories.open(canonical))
  }

  #placeAt(name: string, path: string): MailboxPlace {
    return { account: this.account, name, path, root: this.#root }
  }
}

function notShared(name: string): MailwrightError {
  return new MailwrightError('MAIL_E_UNSUPPORTED', `${name} cannot be opened to others`)
}
