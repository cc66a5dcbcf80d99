import type { Account } from '../model/account.ts'
import type { AccountStore } from '../services/store.ts'
import type { AccessLists, SharedMailbox } from './access-lists.ts'
import { identifiersOf } from './identifier.ts'
import { ownerLevel } from './mailbox-place.ts'
import type { FindAccount } from './named-accounts.ts'

/** What a store gives so that mailboxes can be opened to others. */
export interface SharingOptions {
  readonly lists: AccessLists
  /**
   * The plain store of an owner of mailboxes, without the layer of access rights; undefined where there is no such
   * account. Cheap, as `Store.open` is: it is called for nearly every operation on others' mailboxes.
   */
  openOwner(id: string): Promise<AccountStore | undefined>
  /** The owner whose mailboxes are public ones. No account that anybody logs in to may have this id. */
  readonly publicOwner?: string
  /**
   * Whether an owner's lists count for an account at all; such as only where both have the same domain, so that
   * `anyone` means everybody there. Without it they count for every account. Public mailboxes are not asked for.
   */
  admits?(owner: Account, account: Account): boolean
  /** Whom a line of a list speaks of by name. Without it accounts are called as they were when the line was set. */
  readonly findAccount?: FindAccount
}

/** An owner of mailboxes, with the store that holds them. */
export interface Owner {
  /** As {@link SharedMailbox.owner}. */
  readonly id: string
  readonly store: AccountStore
  /** Whether its mailboxes are public ones. */
  readonly isPublic: boolean
}

const mostHints = 10_000

/** What all accounts of a store share with each other. One for each store. */
export class Sharing {
  readonly lists: AccessLists
  readonly #options: SharingOptions
  /** Which account had which address when it was last seen. Always checked, so an old one does no harm. */
  readonly #hints = new Map<string, string>()

  constructor(options: SharingOptions) {
    this.#options = options
    this.lists = options.lists
  }

  /** Mailboxes, perhaps its own among them, whose lists speak of this account. */
  sharesWith(account: Account): Promise<readonly SharedMailbox[]> {
    return this.lists.shares(identifiersOf(account))
  }

  /** An owner other than the account; undefined where there is none, or where its lists do not count for the account. */
  async owner(id: string, account: Account): Promise<Owner | undefined> {
    const store = id === account.id ? undefined : await this.#options.openOwner(id)
    if (store === undefined) return undefined
    if (id === this.#options.publicOwner) return { id, store, isPublic: true }
    this.#remember(ownerLevel(store.account.address), id)
    const owner: Owner = { id, store, isPublic: false }
    return this.#counts(owner, account) ? owner : undefined
  }

  /** The owner of the public mailboxes, where any of them is open to anybody: else nothing is made for them. */
  async publicOwner(account: Account): Promise<Owner | undefined> {
    const { publicOwner } = this.#options
    const isUsed = publicOwner !== undefined && (await this.lists.has(publicOwner))
    return isUsed ? this.owner(publicOwner, account) : undefined
  }

  /** The owner of this level of a name, where it has opened anything to the account. */
  async ownerNamed(level: string, account: Account): Promise<Owner | undefined> {
    const hinted = this.#hints.get(level)
    const known = hinted === undefined ? undefined : await this.#namedSo(hinted, level, account)
    if (known !== undefined) return known
    for (const id of new Set((await this.sharesWith(account)).map((share) => share.owner))) {
      const found = id === hinted ? undefined : await this.#namedSo(id, level, account)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Finds the accounts for which an owner's lists count. Nothing is told of others: neither that they exist, nor their addresses. */
  finderOf(owner: Owner): FindAccount {
    return async (identifier) => {
      const account = await this.#options.findAccount?.(identifier)
      return account !== undefined && this.#counts(owner, account) ? account : undefined
    }
  }

  #counts({ id, store, isPublic }: Owner, account: Account): boolean {
    return isPublic || id === account.id || (this.#options.admits?.(store.account, account) ?? true)
  }

  async #namedSo(id: string, level: string, account: Account): Promise<Owner | undefined> {
    const owner = await this.owner(id, account)
    if (owner === undefined || owner.isPublic) return undefined
    return ownerLevel(owner.store.account.address) === level ? owner : undefined
  }

  #remember(level: string, id: string): void {
    if (this.#hints.size >= mostHints) this.#hints.clear()
    this.#hints.set(level, id)
  }
}
