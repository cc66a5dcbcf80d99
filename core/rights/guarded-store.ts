import type { Account } from '../model/account.ts'
import type { Store } from '../services/store.ts'
import type { AccessLists } from './access-lists.ts'
import { GuardedAccountStore } from './guarded-account-store.ts'
import { Sharing, type SharingOptions } from './sharing.ts'

/** What is needed beside a plain store. */
export interface GuardedStoreOptions extends Pick<SharingOptions, 'admits'> {
  readonly lists: AccessLists
  /** `Accounts.byId`: who the owner of a mailbox is now. */
  accountById(id: string): Promise<Account | undefined>
  /** Whose mailboxes are the public ones: made for that, with an id that no account has. There are none without it. */
  readonly publicAccount?: Account
}

/** Puts the layer of access rights on a whole store. What the plain store can do, the guarded one can do too. */
export function guardedStore(plain: Store, options: GuardedStoreOptions): Store {
  const { publicAccount, ...rest } = options
  const sharing = new Sharing({
    ...rest,
    async openOwner(id) {
      const account = id === publicAccount?.id ? publicAccount : await options.accountById(id)
      return account && plain.open(account)
    },
    ...(publicAccount === undefined ? {} : { publicOwner: publicAccount.id }),
  })
  return {
    supports: { ...plain.supports, rights: true },
    open: async (account) => new GuardedAccountStore(await plain.open(account), sharing),
    examine: (account, examination) => plain.examine(account, examination),
  }
}
