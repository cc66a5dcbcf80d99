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
} from 'mailwright'
import { AccountSettings } from './account-settings.ts'
import { AccountWatch } from './account-watch.ts'
import { appendMessages } from './append.ts'
import { type Arrival, admit, finishArrivalsSoon } from './arrival.ts'
import type { MaildirContext } from './context.ts'
import { stageMessage } from './delivery.ts'
import { guarded } from './disk-errors.ts'
import { MaildirMailbox } from './mailbox.ts'
import { checkMailboxDirectory } from './mailbox-directory.ts'
import { canonicalMailboxName, inbox } from './mailbox-name.ts'
import type { MailboxPlace, MailboxState } from './mailbox-state.ts'
import type { MailboxDirectories } from './mailboxes.ts'
import type { Preparations } from './preparations.ts'
import type { SharedStates } from './shared-states.ts'
import { removeStaleFiles } from './stale-files.ts'
import { statusOf } from './status.ts'
import { copyMessages, moveMessages, type Transferred } from './transfer.ts'
import { measureUsage, type Reservation, type Usage } from './usage.ts'

export const maildropLockName = 'mailwright-maildrop.lock'

export interface AccountParts {
  readonly account: Account
  /** The account's Maildir. */
  readonly root: string
  readonly directories: MailboxDirectories
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
  readonly #preparations: Preparations
  readonly #settings: AccountSettings

  constructor(context: MaildirContext, parts: AccountParts) {
    this.account = parts.account
    this.#context = context
    this.#root = parts.root
    this.#directories = parts.directories
    this.#states = parts.states
    this.#preparations = parts.preparations
    this.#settings = new AccountSettings(context, parts.root, parts.directories)
  }

  mailboxes(): Promise<readonly MailboxInfo[]> {
    return guarded('listing mailboxes', () => this.#settings.mailboxes())
  }

  createMailbox(name: string, { specialUse }: CreateOptions = {}): Promise<void> {
    return guarded('making a mailbox', async () => {
      await this.#directories.create(canonicalMailboxName(name))
      if (specialUse !== undefined) await this.#settings.setSpecialUse(canonicalMailboxName(name), specialUse)
    })
  }

  deleteMailbox(name: string): Promise<void> {
    return guarded('deleting a mailbox', async () => {
      const canonical = canonicalMailboxName(name)
      if (canonical === inbox) throw new MailwrightError('MAIL_E_INVALID', 'INBOX cannot be deleted')
      await this.#withState(canonical, async (state) => {
        await state.sync()
        const uids = state.snapshot().entries.map(({ uid }) => uid)
        await this.#directories.remove(state.place.path)
        if (uids.length > 0) this.#context.announce.expunged(state.change({ cause: 'expunge', uids }))
      })
    })
  }

  renameMailbox(from: string, to: string): Promise<void> {
    return guarded('renaming a mailbox', async () => {
      const [old, renamed] = [canonicalMailboxName(from), canonicalMailboxName(to)]
      if (renamed.startsWith(`${old}/`) && old !== inbox)
        throw new MailwrightError('MAIL_E_INVALID', `${old} cannot be moved below itself`)
      if ((await this.#directories.find(old)) === undefined) throw notFound(old)
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
    return guarded('reading subscriptions', () => this.#settings.subscriptions())
  }

  subscribe(name: string, subscribed: boolean): Promise<void> {
    return guarded('subscribing', async () =>
      this.#settings.subscribe(canonicalMailboxName(name), subscribed),
    )
  }

  setSpecialUse(name: string, use: SpecialUse | undefined): Promise<void> {
    return guarded('marking a mailbox', async () =>
      this.#settings.setSpecialUse(canonicalMailboxName(name), use),
    )
  }

  metadata(mailbox: string | undefined): Promise<Metadata> {
    return guarded('reading annotations', async () =>
      this.#settings.metadata(mailbox === undefined ? undefined : canonicalMailboxName(mailbox)),
    )
  }

  setMetadata(mailbox: string | undefined, changes: ReadonlyMap<string, Buffer | null>): Promise<void> {
    return guarded('annotating', async () =>
      this.#settings.setMetadata(mailbox === undefined ? undefined : canonicalMailboxName(mailbox), changes),
    )
  }

  async myRights(mailbox: string): Promise<Rights> {
    await this.#directories.open(canonicalMailboxName(mailbox))
    return allRights
  }

  async accessList(mailbox: string): Promise<readonly AccessEntry[]> {
    throw notShared(mailbox)
  }

  async setAccess(mailbox: string): Promise<void> {
    throw notShared(mailbox)
  }

  status(name: string): Promise<MailboxStatus> {
    return guarded('looking at a mailbox', () =>
      this.#withState(canonicalMailboxName(name), async (state) => {
        await state.sync()
        return statusOf(state.place.name, state.snapshot())
      }),
    )
  }

  openMailbox(name: string): Promise<Mailbox> {
    return guarded('opening a mailbox', async () => {
      const { state, release } = this.#states.share(await this.#place(name))
      try {
        await checkMailboxDirectory(this.#context, state.place.path)
        await state.sync()
        await removeStaleFiles(this.#context, state.place.path)
        return new MaildirMailbox(state, {
          release,
          copy: (source, uids, target) => this.#copy(source, uids, target),
          move: (source, uids, target) => this.#withState(target, (to) => moveMessages(source, to, uids)),
        })
      } catch (error) {
        release()
        throw error
      }
    })
  }

  stage(mailbox: string, content: Content, options: StageOptions = {}): Promise<StagedMessage> {
    return guarded('delivering a message', async () => {
      const place = await this.#placeToDeliver(mailbox, options.create === true)
      const reservation = await this.#reserve(content.size)
      try {
        return await stageMessage(this.#context, {
          account: this.account,
          mailbox: place.name,
          path: place.path,
          content,
          options,
          reservation,
          complete: () => this.#directories.complete(place.path),
          delivered: () => this.#preparations.schedule(place),
          admit: (arrival) => this.#admit(place, arrival, options),
        })
      } catch (error) {
        reservation?.release()
        throw error
      }
    })
  }

  append(mailbox: string, messages: readonly AppendMessage[], origin?: string): Promise<Appended> {
    return guarded('storing messages', async () => {
      const place = await this.#placeToDeliver(mailbox, false)
      const reservation = await this.#reserve(messages.reduce((sum, { content }) => sum + content.size, 0))
      try {
        return await this.#states.using(place, (state) => appendMessages(state, messages, origin))
      } finally {
        reservation?.release()
      }
    })
  }

  usage(): Promise<Usage> {
    return guarded('measuring mailboxes', () => this.#measure())
  }

  watch(
    mailboxes: readonly string[] | 'all',
    listener: (mailbox: string | undefined) => void,
  ): Promise<Lease> {
    return guarded('watching mailboxes', async () => {
      const wanted = mailboxes === 'all' ? mailboxes : new Set(mailboxes.map(canonicalMailboxName))
      const watch = new AccountWatch(this.#context, this.#directories, wanted, listener)
      await watch.start()
      return watch
    })
  }

  lockMaildrop(): Promise<Lease> {
    return guarded('locking the maildrop', async () => {
      const lease = await this.#context.locks.tryAcquire(join(this.#root, maildropLockName))
      if (lease !== undefined) return lease
      throw new MailwrightError('MAIL_E_IN_USE', `the maildrop of ${this.account.id} is in use`)
    })
  }

  /** A message with flags is put in by the index: it alone keeps keywords, and knows of who changes `cur`. */
  async #admit(place: MailboxPlace, arrival: Arrival, options: StageOptions): Promise<void> {
    await this.#states.using(place, (state) =>
      state.exclusively(async () => {
        const uids = await admit(state, [arrival])
        await finishArrivalsSoon(state)
        state.toldOfArrival()
        const origin = options.origin === undefined ? {} : { origin: options.origin }
        this.#context.announce.stored(state.change({ cause: options.cause ?? 'delivery', uids, ...origin }))
      }),
    )
  }

  async #placeToDeliver(mailbox: string, create: boolean): Promise<MailboxPlace> {
    const name = canonicalMailboxName(mailbox)
    if (create && (await this.#directories.find(name)) === undefined) await this.#createOnce(name)
    return this.#place(name)
  }

  /** Two deliveries may find at the same time that a mailbox is missing. */
  async #createOnce(name: string): Promise<void> {
    try {
      await this.#directories.create(name)
    } catch (error) {
      if (!(error instanceof MailwrightError && error.code === 'MAIL_E_EXISTS')) throw error
    }
  }

  async #copy(source: MailboxState, uids: readonly number[], target: string): Promise<Transferred> {
    const octets = uids.reduce((sum, uid) => sum + (source.record(uid)?.entry.size ?? 0), 0)
    return this.#withState(target, async (to) => {
      const reservation = await this.#reserve(octets)
      try {
        return await copyMessages(source, to, uids)
      } finally {
        reservation?.release()
      }
    })
  }

  async #reserve(octets: number): Promise<Reservation | undefined> {
    const { quotaBytes } = this.account
    return quotaBytes === undefined
      ? undefined
      : this.#states.quotaGuard(this.#root, () => this.#measure()).reserve(octets, quotaBytes)
  }

  async #measure(): Promise<Usage> {
    const paths: string[] = []
    for (const name of await this.#directories.list()) {
      const path = await this.#directories.find(name)
      if (path !== undefined) paths.push(path)
    }
    return measureUsage(this.#context, paths)
  }

  async #withState<T>(name: string, run: (state: MailboxState) => Promise<T>): Promise<T> {
    return this.#states.using(await this.#place(name), run)
  }

  async #place(name: string): Promise<MailboxPlace> {
    const canonical = canonicalMailboxName(name)
    const path = await this.#directories.open(canonical)
    return { account: this.account, name: canonical, path, root: this.#root }
  }
}

function notFound(name: string): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', `there is no mailbox ${name}`)
}

function notShared(name: string): MailwrightError {
  return new MailwrightError('MAIL_E_UNSUPPORTED', `${name} cannot be opened to others`)
}
