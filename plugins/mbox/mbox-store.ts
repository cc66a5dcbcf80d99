import { join, resolve } from 'node:path'
import type { Account, AccountStore, Store, StoreAbilities, StoreFault } from 'mailwright'
import { withStoreErrors } from 'mailwright/disk'
import { accountPath } from './account-path.ts'
import { MboxAccountStore } from './account-store.ts'
import { createContext, type MboxContext, type MboxSurroundings } from './context.ts'
import { examineAccount } from './examine.ts'
import { type SharedAccount, SharedAccounts } from './shared-states.ts'

export interface MboxStoreOptions extends MboxSurroundings {
  /** Absolute. */
  readonly root: string
  /** The file of INBOX, below the root unless it is absolute. */
  readonly inbox: string
  /** The directory of the other mailboxes. */
  readonly mailboxes: string
}

/** Accounts' mail in mbox files. */
export class MboxStore implements Store {
  readonly supports: StoreAbilities = {
    mailboxes: true,
    flags: true,
    keywords: true,
    modSequences: false,
    persistent: true,
    shared: true,
    subscriptions: true,
    metadata: true,
    rights: false,
  }
  readonly #context: MboxContext
  readonly #options: MboxStoreOptions
  readonly #accounts: SharedAccounts

  constructor(options: MboxStoreOptions) {
    this.#options = options
    this.#context = createContext(options)
    this.#accounts = new SharedAccounts(this.#context)
  }

  async open(account: Account): Promise<AccountStore> {
    const shared = await this.#share(account)
    return new MboxAccountStore(this.#context, account, shared)
  }

  async examine(account: Account, options: { readonly repair: boolean }): Promise<readonly StoreFault[]> {
    const shared = await this.#share(account)
    return withStoreErrors(`examining the mail of ${account.id}`, () =>
      examineAccount(this.#context, shared, options),
    )
  }

  async #share(account: Account): Promise<SharedAccount> {
    const { root, inbox, mailboxes } = this.#options
    const place = (template: string): string => resolve(join(root), accountPath(template, account))
    const shared = this.#accounts.share({ account, inbox: place(inbox), mailboxes: place(mailboxes) })
    await withStoreErrors(`opening the mail of ${account.id}`, () => shared.files.ensure())
    return shared
  }
}
