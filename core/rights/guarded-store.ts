import { MailwrightError } from '../errors.ts'
import type { Account } from '../model/account.ts'
import type { Accounts } from '../services/accounts.ts'
import type { AccountStore, Store, StoreAbilities, StoreFault } from '../services/store.ts'
import type { AccessLists } from './access-lists.ts'
import { GuardedAccountStore } from './guarded-account-store.ts'
import { accountFinder } from './named-accounts.ts'
import { examineWithLists, PublicMailboxes } from './public-mailboxes.ts'
import { Sharing, type SharingOptions } from './sharing.ts'

/** What is needed beside a plain store. */
export interface GuardedStoreOptions extends Pick<SharingOptions, 'admits'> {
  readonly lists: AccessLists
  /** `Accounts.byId`: who the owner of a mailbox is now. */
  accountById(id: string): Promise<Account | undefined>
  /**
   * `Accounts.resolve`: whom an address in a list means. Without it a line that is set by an address is kept so, and goes to
   * whoever has the address.
   */
  readonly resolve?: Accounts['resolve']
  /** Whose mailboxes are the public ones: made for that, with an id that no account has. There are none without it. */
  readonly publicAccount?: Account
}

/** The layer of access rights on a whole store. What the plain store can do, the guarded one can do too. */
export class GuardedStore implements Store {
  readonly supports: StoreAbilities
  /** For whoever runs the system; undefined where there are none. */
  readonly publicMailboxes: PublicMailboxes | undefined
  readonly #plain: Store
  readonly #lists: AccessLists
  readonly #sharing: Sharing
  readonly #publicOwner: string | undefined

  constructor(plain: Store, options: GuardedStoreOptions) {
    const { publicAccount, lists, admits } = options
    this.supports = { ...plain.supports, rights: true }
    const findAccount = accountFinder((id) => options.accountById(id), options.resolve)
    this.publicMailboxes = publicAccount && new PublicMailboxes(plain, publicAccount, lists, findAccount)
    this.#plain = plain
    this.#lists = lists
    this.#publicOwner = publicAccount?.id
    this.#sharing = new Sharing({
      lists,
      findAccount,
      ...(admits === undefined ? {} : { admits }),
      async openOwner(id) {
        const account = id === publicAccount?.id ? publicAccount : await options.accountById(id)
        return account && plain.open(account)
      },
      ...(publicAccount === undefined ? {} : { publicOwner: publicAccount.id }),
    })
  }

  /** MAIL_E_INVALID for an account with the id of the one that holds the public mailboxes: they would be its own. */
  async open(account: Account): Promise<AccountStore> {
    this.#refusePublic(account)
    return new GuardedAccountStore(await this.#plain.open(account), this.#sharing)
  }

  async examine(account: Account, options: { readonly repair: boolean }): Promise<readonly StoreFault[]> {
    this.#refusePublic(account)
    return examineWithLists(this.#plain, this.#lists, account, options)
  }

  #refusePublic({ id }: Account): void {
    if (id === this.#publicOwner)
      throw new MailwrightError('MAIL_E_INVALID', `no account may have the id ${JSON.stringify(id)}`)
  }
}

/** Puts the layer of access rights on a whole store. */
export function guardedStore(plain: Store, options: GuardedStoreOptions): GuardedStore {
  return new GuardedStore(plain, options)
}
