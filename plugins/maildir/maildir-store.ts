import { join } from 'node:path'
import type { Account, AccountStore, Store, StoreAbilities } from 'mailwright'
import { accountPath } from './account-path.ts'
import { MaildirAccountStore } from './account-store.ts'
import { createContext, type MaildirContext, type MaildirSurroundings } from './context.ts'
import { guarded } from './disk-errors.ts'
import { MailboxDirectories } from './mailboxes.ts'
import { SharedStates } from './shared-states.ts'

export interface MaildirStoreOptions extends MaildirSurroundings {
  /** Absolute. */
  readonly root: string
  /** The account's Maildir below the root. */
  readonly path: string
}

/** Accounts' mail in Maildirs below one directory. */
export class MaildirStore implements Store {
  readonly supports: StoreAbilities = {
    mailboxes: true,
    flags: true,
    keywords: false,
    modSequences: false,
    persistent: true,
    shared: true,
  }
  readonly #context: MaildirContext
  readonly #options: MaildirStoreOptions
  readonly #states: SharedStates

  constructor(options: MaildirStoreOptions) {
    this.#options = options
    this.#context = createContext(options)
    this.#states = new SharedStates(this.#context)
  }

  async open(account: Account): Promise<AccountStore> {
    const { root: storeRoot, path } = this.#options
    const root = join(storeRoot, accountPath(path, account))
    const directories = new MailboxDirectories(this.#context, root, storeRoot)
    await guarded(`opening the mail of ${account.id}`, () => directories.ensureInbox())
    return new MaildirAccountStore(this.#context, { account, root, directories, states: this.#states })
  }
}
