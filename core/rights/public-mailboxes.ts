import { MailwrightError } from '../errors.ts'
import type { Account } from '../model/account.ts'
import type { AccessEntry, Rights, RightsIdentifier } from '../model/rights.ts'
import type { Store, StoreFault } from '../services/store.ts'
import { type Located, mailboxNames, noSuchMailbox } from './access-guard.ts'
import type { AccessLists } from './access-lists.ts'
import { canonicalEntry, withEntry } from './list-changes.ts'
import { createWithLists, deleteWithList } from './mailbox-changes.ts'
import { placeOf, sharedLevel, sharedName } from './mailbox-place.ts'
import { type FindAccount, subjectOf, withAddresses } from './named-accounts.ts'

/** A public mailbox, or the level above all of them, and who may do what there. */
export interface PublicMailbox {
  /** As clients have it: `Shared/Team`; `Shared` for the level above all. */
  readonly name: string
  readonly list: readonly AccessEntry[]
}

const inbox = 'INBOX'
const root = ''

/**
 * The public mailboxes of a store, for whoever runs the system: nobody's rights are asked for. Names are those that clients
 * have. Every call may fail with MAIL_E_UNAVAILABLE.
 */
export class PublicMailboxes {
  readonly #plain: Store
  readonly #account: Account
  readonly #lists: AccessLists
  readonly #findAccount: FindAccount

  /** `account` holds them in the plain store. */
  constructor(plain: Store, account: Account, lists: AccessLists, findAccount: FindAccount) {
    this.#plain = plain
    this.#account = account
    this.#lists = lists
    this.#findAccount = findAccount
  }

  /** All mailboxes, sorted; before them the level above, where it has a list. */
  async list(): Promise<readonly PublicMailbox[]> {
    const names = await mailboxNames(await this.#plain.open(this.#account))
    const mailboxes = await Promise.all(
      [root, ...names].map(async (mailbox) => ({
        name: nameOf(mailbox),
        list: await this.#listOf(mailbox),
      })),
    )
    return mailboxes.filter(({ name, list }) =>
      name === sharedLevel ? list.length > 0 : name !== sharedName(inbox),
    )
  }

  /** With the missing ones above it; each begins with the list of the level above. MAIL_E_EXISTS, MAIL_E_INVALID. */
  async create(name: string): Promise<void> {
    await createWithLists(this.#lists, await this.#locate(mailboxOf(name)))
  }

  /** With its messages; those below it stay. MAIL_E_NOT_FOUND. */
  async delete(name: string): Promise<void> {
    await deleteWithList(this.#lists, await this.#existing(name))
  }

  /** Of a mailbox, or of the level above all: what new ones there begin with, and who may make them. MAIL_E_NOT_FOUND. */
  async accessList(name: string): Promise<readonly AccessEntry[]> {
    const { mailbox } = await this.#existing(name)
    return this.#listOf(mailbox)
  }

  /**
   * Sets one line of the list, as `AccountStore.setAccess` does; empty rights remove it. MAIL_E_NOT_FOUND; MAIL_E_INVALID for what is no identifier or no
   * right; MAIL_E_OVER_QUOTA for a list of more than 1,000 lines.
   */
  async setAccess(name: string, identifier: RightsIdentifier, rights: Rights): Promise<void> {
    const entry = canonicalEntry(identifier, rights)
    const { mailbox } = await this.#existing(name)
    const subject = await subjectOf(this.#findAccount, entry.identifier)
    await this.#lists.update(this.#account.id, mailbox, (list) => withEntry(list, subject, entry.rights))
  }

  /** See `Store.examine`. */
  async examine(options: { readonly repair: boolean }): Promise<readonly StoreFault[]> {
    const faults = await examineWithLists(this.#plain, this.#lists, this.#account, options)
    return faults.map(({ mailbox, ...rest }) => ({ mailbox: nameOf(mailbox), ...rest }))
  }

  async #listOf(mailbox: string): Promise<readonly AccessEntry[]> {
    return withAddresses(this.#findAccount, await this.#lists.read(this.#account.id, mailbox))
  }

  async #existing(name: string): Promise<Located> {
    const located = await this.#locate(name === sharedLevel ? root : mailboxOf(name))
    const { owner, mailbox } = located
    if (mailbox !== root && !(await mailboxNames(owner.store)).has(mailbox)) throw noSuchMailbox()
    return located
  }

  async #locate(mailbox: string): Promise<Located> {
    const store = await this.#plain.open(this.#account)
    return { owner: { id: this.#account.id, store, isPublic: true }, space: 'shared', mailbox }
  }
}

/** Looks for damage in an account's mailboxes, and in what is opened of them. */
export async function examineWithLists(
  plain: Store,
  lists: AccessLists,
  account: Account,
  options: { readonly repair: boolean },
): Promise<readonly StoreFault[]> {
  return [...(await plain.examine(account, options)), ...(await lists.examine(account.id, options))]
}

function nameOf(mailbox: string): string {
  return mailbox === root ? sharedLevel : sharedName(mailbox)
}

/** Its name in the store. The INBOX that every account of a store has is none of the public mailboxes. */
function mailboxOf(name: string): string {
  const place = placeOf(name)
  if (place.space === 'shared' && place.mailbox !== inbox) return place.mailbox
  throw new MailwrightError('MAIL_E_INVALID', `no public mailbox can be called ${JSON.stringify(name)}`)
}
