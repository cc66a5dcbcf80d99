import { errorCode, MailwrightError } from '../errors.ts'
import type { Account } from '../model/account.ts'
import { type AccessEntry, allRights, type Rights } from '../model/rights.ts'
import type { AccountStore, MailboxInfo } from '../services/store.ts'
import type { SharedMailbox } from './access-lists.ts'
import { effectiveRights } from './effective-rights.ts'
import { type MailboxPlace, otherName, personalName, placeOf, sharedName } from './mailbox-place.ts'
import { allows, type Operation } from './operations.ts'
import type { Owner, Sharing } from './sharing.ts'

/** Where a mailbox is, whether or not there is one. */
export interface Located {
  readonly owner: Owner
  readonly space: MailboxInfo['namespace']
  /** Its name in the owner's store. */
  readonly mailbox: string
}

// Whoever opens mailboxes to others fills their lists; not without end.
const mostOfOneOwner = 1000
const mostOfAll = 10_000

/** What one account may do, and where. Everything is looked up anew whenever it is asked for. */
export class AccessGuard {
  readonly account: Account
  readonly sharing: Sharing
  readonly #own: Owner

  constructor(own: AccountStore, sharing: Sharing) {
    this.account = own.account
    this.sharing = sharing
    this.#own = { id: own.account.id, store: own, isPublic: false }
  }

  /** Where a name leads; undefined where no mailbox can be that this account might see. */
  async locate(name: string): Promise<Located | undefined> {
    const place = placeOf(name)
    if (place.space === 'nowhere') return undefined
    const owner = await this.#ownerOf(place)
    return owner && { owner, space: place.space, mailbox: place.mailbox }
  }

  /** The same; MAIL_E_NOT_FOUND where {@link locate} finds nothing. */
  async find(name: string): Promise<Located> {
    const located = await this.locate(name)
    if (located === undefined) throw noSuchMailbox()
    return located
  }

  /** The name under which this account knows a mailbox. */
  nameOf({ owner, space, mailbox }: Located): string {
    if (space === 'personal') return personalName(mailbox)
    return space === 'shared' ? sharedName(mailbox) : otherName(owner.store.account.address, mailbox)
  }

  /** The account's rights, as they are now. There may be no such mailbox. */
  async rightsTo({ owner, space, mailbox }: Located): Promise<Rights> {
    if (space === 'personal') return allRights
    return this.#rightsBy(await this.sharing.lists.read(owner.id, mailbox), owner)
  }

  /** The account's rights where they suffice; else fails with {@link refusal}. */
  async demand(located: Located, operation: Operation): Promise<Rights> {
    const rights = await this.rightsTo(located)
    if (!allows(rights, operation)) throw refusal(rights)
    return rights
  }

  /**
   * Mailboxes of others, and public ones, that exist and to which this account has such rights, by owner: 1,000 of each
   * and 10,000 at most. What cannot be asked now is left out: nobody loses sight of the own mailboxes because of another's.
   */
  async foreign(suffice: (rights: Rights) => boolean): Promise<readonly Located[]> {
    const shares = await this.sharing.sharesWith(this.account).catch(noneWhereUnavailable)
    const byOwner = Map.groupBy(shares, (shared) => shared.owner)
    const found: Located[] = []
    for (const [id, mailboxes] of byOwner) {
      if (found.length >= mostOfAll) break
      found.push(...(await this.#foreignOf(id, mailboxes, suffice).catch(noneWhereUnavailable)))
    }
    return found.slice(0, mostOfAll)
  }

  async #foreignOf(
    id: string,
    mailboxes: readonly SharedMailbox[],
    suffice: (rights: Rights) => boolean,
  ): Promise<readonly Located[]> {
    const owner = await this.sharing.owner(id, this.account)
    if (owner === undefined) return []
    const existing = await mailboxNames(owner.store)
    return mailboxes
      .filter(({ mailbox, list }) => existing.has(mailbox) && suffice(this.#rightsBy(list, owner)))
      .map(({ mailbox }) => foreignMailbox(owner, mailbox))
      .sort((a, b) => (a.mailbox < b.mailbox ? -1 : 1))
      .slice(0, owner.isPublic ? mostOfAll : mostOfOneOwner)
  }

  #rightsBy(list: readonly AccessEntry[], owner: Owner): Rights {
    return effectiveRights(list, this.account, owner.isPublic ? undefined : owner.id)
  }

  async #ownerOf(place: Exclude<MailboxPlace, { space: 'nowhere' }>): Promise<Owner | undefined> {
    if (place.space === 'personal') return this.#own
    return place.space === 'shared'
      ? this.sharing.publicOwner(this.account)
      : this.sharing.ownerNamed(place.owner, this.account)
  }
}

/** A mailbox of another owner. */
export function foreignMailbox(owner: Owner, mailbox: string): Located {
  return { owner, space: owner.isPublic ? 'shared' : 'other', mailbox }
}

/**
 * Why something cannot be done with these rights. Without `l` the mailbox is one that does not exist, so that nobody
 * learns which there are (RFC 4314 §6).
 */
export function refusal(rights: Rights): MailwrightError {
  return rights.includes('l') ? denied() : noSuchMailbox()
}

export function denied(): MailwrightError {
  return new MailwrightError('MAIL_E_PERMISSION', 'the account has no right to do that with this mailbox')
}

export function noSuchMailbox(): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', 'there is no such mailbox')
}

/** The names of all mailboxes in a plain store. */
export async function mailboxNames(store: AccountStore): Promise<ReadonlySet<string>> {
  return new Set((await store.mailboxes()).map((mailbox) => mailbox.name))
}

function noneWhereUnavailable(error: unknown): readonly never[] {
  if (errorCode(error) === 'MAIL_E_UNAVAILABLE') return []
  throw error
}
