import type { MailboxInfo } from 'mailwright'
import type { MaildirContext } from '../context.ts'
import { AccountListing } from './account-listing.ts'

/** Names that are kept of all accounts together: about 20 MB. */
const mostNames = 50_000

interface Kept {
  readonly listing: AccountListing
  /** Names of it that are counted. */
  counted: number
}

/** Listings of the accounts whose mailboxes were asked for last, for all sessions of a process. */
export class AccountListings {
  readonly #context: MaildirContext
  readonly #most: number
  /** By the account's Maildir, the one used last at the end. */
  readonly #kept = new Map<string, Kept>()
  #count = 0

  /** `most` names are kept, or those of one account. */
  constructor(context: MaildirContext, most: number = mostNames) {
    this.#context = context
    this.#most = most
  }

  /** See {@link AccountListing.mailboxes}; `root` is the account's Maildir. */
  mailboxes(root: string): Promise<readonly MailboxInfo[]> {
    return this.#using(root, (listing) => listing.mailboxes())
  }

  /** See {@link AccountListing.subscriptions}. */
  subscriptions(root: string): Promise<readonly string[]> {
    return this.#using(root, (listing) => listing.subscriptions())
  }

  async #using<T>(root: string, ask: (listing: AccountListing) => Promise<T>): Promise<T> {
    const kept = this.#kept.get(root) ?? { listing: new AccountListing(this.#context, root), counted: 0 }
    this.#kept.delete(root)
    this.#kept.set(root, kept)
    try {
      return await ask(kept.listing)
    } finally {
      if (this.#kept.get(root) === kept) this.#counted(kept)
    }
  }

  #counted(kept: Kept): void {
    this.#count += kept.listing.count - kept.counted
    kept.counted = kept.listing.count
    for (const [root, oldest] of this.#kept) {
      if (this.#count <= this.#most || this.#kept.size === 1) return
      this.#kept.delete(root)
      this.#count -= oldest.counted
    }
  }
}
