import type { Accounts, Notifier, Store } from 'mailwright'
import { FiledAccessLists, GuardedStore } from 'mailwright/rights'
import type { MaildirStoreOptions } from '../account/maildir-store.ts'
import { createContext } from '../context.ts'
import { publicAccount } from './sharing-account.ts'
import { SharingFiles } from './sharing-files.ts'

const directoryName = '.sharing'

/** What is needed to open mailboxes to others. */
export interface SharingServices {
  /** Who the owner of a mailbox is now, and whom its list speaks of. */
  readonly accounts: Pick<Accounts, 'byId' | 'resolve'>
  /** Tells others that access rights have changed. */
  readonly notifier: Notifier
}

/** A store whose mailboxes can be opened to others, and that has public ones. `options` are those of the plain store. */
export function sharedStore(
  plain: Store,
  options: MaildirStoreOptions,
  { accounts, notifier }: SharingServices,
): GuardedStore {
  const files = new SharingFiles(createContext(options), options.root, directoryName)
  return new GuardedStore(plain, {
    lists: new FiledAccessLists(files, notifier),
    accountById: (id) => accounts.byId(id),
    resolve: (address) => accounts.resolve(address),
    publicAccount,
  })
}
