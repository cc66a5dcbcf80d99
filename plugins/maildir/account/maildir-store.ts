import { join } from 'node:path'
import type { Account, AccountStore, Store, StoreAbilities, StoreFault } from 'mailwright'
import { withStoreErrors } from 'mailwright/disk'
import { createContext, type MaildirContext, type MaildirSurroundings } from '../context.ts'
import { SpareLinks } from '../files/spare-links.ts'
import { DeliveryLog } from '../log/delivery-log.ts'
import { recoverDeliveries } from '../log/recovery.ts'
import { currentBoot } from '../log/segment-name.ts'
import { Preparations } from '../mailbox/preparations.ts'
import { SharedStates } from '../mailbox/shared-states.ts'
import { publicAccount, publicPath } from '../sharing/sharing-account.ts'
import { AccountListings } from './account-listings.ts'
import { accountPath } from './account-path.ts'
import { MaildirAccountStore } from './account-store.ts'
import { examineMailboxes } from './examination.ts'
import { MailboxDirectories } from './mailboxes.ts'

export interface MaildirStoreOptions extends MaildirSurroundings {
  /** Absolute. */
  readonly root: string
  /** The account's Maildir below the root. */
  readonly path: string
  /** Whether deliveries are made durable by a log; `atOnce` makes one with the store. */
  readonly deliveryLog?: boolean | 'atOnce'
}

/** Milliseconds after which a recovery that has failed is tried again. */
const recoverAgain = 30_000

/** Accounts' mail in Maildirs below one directory. */
export class MaildirStore implements Store {
  readonly supports: StoreAbilities = {
    mailboxes: true,
    flags: true,
    keywords: true,
    modSequences: true,
    persistent: true,
    shared: true,
    subscriptions: true,
    metadata: true,
    rights: false,
  }
  readonly #context: MaildirContext
  readonly #options: MaildirStoreOptions
  readonly #listings: AccountListings
  readonly #states: SharedStates
  readonly #preparations: Preparations
  readonly #spares: SpareLinks
  #recovery: Promise<void> | undefined
  #isServing = false

  constructor(options: MaildirStoreOptions) {
    this.#options = options
    this.#spares = new SpareLinks(options.files, options.clock, options.root)
    const context = createContext(options, this.#spares)
    // Without knowing one run of the machine from the next, nobody could tell what a power cut may have taken.
    const isLogged = options.deliveryLog !== undefined && options.deliveryLog !== false
    this.#context =
      isLogged && currentBoot !== undefined
        ? { ...context, deliveries: new DeliveryLog(context, options.root, currentBoot) }
        : context
    this.#listings = new AccountListings(this.#context)
    this.#states = new SharedStates(this.#context, (place) => this.#preparations.schedule(place))
    this.#preparations = new Preparations(this.#context, (place) =>
      this.#states.using(place, (state) => state.prepare()),
    )
  }

  async open(account: Account): Promise<AccountStore> {
    // Who logs in selects a mailbox next, and would wait for the thread's start.
    this.#context.batches.expect()
    await this.recover()
    const { root, directories } = await this.#directories(account)
    const { states, preparations } = { states: this.#states, preparations: this.#preparations }
    const listings = this.#listings
    return new MaildirAccountStore(this.#context, {
      account,
      root,
      directories,
      listings,
      states,
      preparations,
    })
  }

  async examine(account: Account, { repair }: { readonly repair: boolean }): Promise<readonly StoreFault[]> {
    await this.recover()
    const { root, directories } = await this.#directories(account)
    return withStoreErrors(`examining the mail of ${account.id}`, () =>
      examineMailboxes(this.#context, { account, root, directories, states: this.#states, repair }),
    )
  }

  /** Prepares for disks that have no more inodes. */
  async serve(): Promise<void> {
    this.#isServing = true
    await this.#spares.prepare()
  }

  /** Finishes what was begun for later, as far as no lock of another process stands in the way. */
  async close(): Promise<void> {
    this.#context.locks.hurry()
    await this.#preparations.finish()
    await Promise.allSettled(this.#context.turns)
    await this.#context.deliveries?.close()
    await this.#context.locks.close()
    await this.#spares.close()
    this.#context.batches.end()
    this.#context.threads?.end()
  }

  /**
   * Finishes what processes that are gone have left in their logs of deliveries. Nobody opens a mailbox before that. Never fails: what
   * cannot be done now is tried again later, when somebody opens one.
   */
  recover(): Promise<void> {
    this.#recovery ??= this.#recover()
    return this.#recovery
  }

  async #recover(): Promise<void> {
    const { deliveryLog, root } = this.#options
    if (currentBoot === undefined) return
    try {
      if (!(await recoverDeliveries(this.#context, root, currentBoot))) this.#recoverLater()
      if (deliveryLog === 'atOnce') await this.#context.deliveries?.open()
    } catch (error) {
      const problem = 'deliveries before a crash are looked at later'
      this.#context.log.error('unavailable', { directory: root, problem, error })
      this.#recoverLater()
    }
  }

  #recoverLater(): void {
    this.#context.clock.after(recoverAgain, () => {
      this.#recovery = undefined
    })
  }

  async #directories(
    account: Account,
  ): Promise<{ readonly root: string; readonly directories: MailboxDirectories }> {
    const { root: storeRoot, path } = this.#options
    const root = join(storeRoot, account.id === publicAccount.id ? publicPath : accountPath(path, account))
    const directories = new MailboxDirectories(this.#context, root, storeRoot)
    await withStoreErrors(`opening the mail of ${account.id}`, () => directories.ensureInbox())
    // There may have been no root before.
    if (this.#isServing) await this.#spares.prepare()
    return { root, directories }
  }
}
