import type { Account } from '../model/account.ts'
import type { Content } from '../model/content.ts'
import type { AccessEntry, Rights, RightsIdentifier } from '../model/rights.ts'
import type { SpecialUse } from '../model/special-use.ts'
import type { Mailbox } from '../services/mailbox.ts'
import type {
  AccountStore,
  Appended,
  AppendMessage,
  CreateOptions,
  Lease,
  MailboxInfo,
  MailboxStatus,
  Metadata,
  StagedMessage,
  StageOptions,
} from '../services/store.ts'
import { AccessGuard, refusal } from './access-guard.ts'
import { ForeignWatch } from './foreign-watch.ts'
import { changeAnnotations, readAnnotations } from './guarded-annotations.ts'
import { appendMessages, stageMessage } from './guarded-delivery.ts'
import { GuardedMailbox, mailboxId } from './guarded-mailbox.ts'
import { accessList, setAccess } from './list-changes.ts'
import { createMailbox, deleteMailbox, renameMailbox } from './mailbox-changes.ts'
import { listMailboxes } from './mailbox-list.ts'
import { personalName, placeOf } from './mailbox-place.ts'
import type { Sharing } from './sharing.ts'

/**
 * The mailboxes of an account, and those of others and public ones as far as access control lists open them to it
 * (RFC 4314): as `Other Users/<address>/<mailbox>` and `Shared/<mailbox>`. It is put around the plain store of the account
 * and, like that one, made for each use.
 */
export class GuardedAccountStore implements AccountStore {
  readonly account: Account
  readonly #own: AccountStore
  readonly #guard: AccessGuard

  constructor(own: AccountStore, sharing: Sharing) {
    this.account = own.account
    this.#own = own
    this.#guard = new AccessGuard(own, sharing)
  }

  mailboxes(): Promise<readonly MailboxInfo[]> {
    return listMailboxes(this.#guard, this.#own)
  }

  createMailbox(name: string, options?: CreateOptions): Promise<void> {
    return createMailbox(this.#guard, name, options)
  }

  deleteMailbox(name: string): Promise<void> {
    return deleteMailbox(this.#guard, name)
  }

  renameMailbox(from: string, to: string): Promise<void> {
    return renameMailbox(this.#guard, from, to)
  }

  /** Of all names as this account sees them; no rights are needed (RFC 4314 §4). */
  subscriptions(): Promise<readonly string[]> {
    return this.#own.subscriptions()
  }

  subscribe(name: string, subscribed: boolean): Promise<void> {
    return this.#own.subscribe(name, subscribed)
  }

  /** MAIL_E_PERMISSION for mailboxes of others: their uses are for the clients of their owners. */
  async setSpecialUse(name: string, use: SpecialUse | undefined): Promise<void> {
    const located = await this.#guard.find(name)
    if (located.space !== 'personal') throw refusal(await this.#guard.rightsTo(located))
    await this.#own.setSpecialUse(located.mailbox, use)
  }

  async status(name: string): Promise<MailboxStatus> {
    const located = await this.#guard.find(name)
    await this.#guard.demand(located, 'status')
    const status = await located.owner.store.status(located.mailbox)
    const outer = this.#guard.nameOf({ ...located, mailbox: status.name })
    return { ...status, name: outer, id: mailboxId(located, status.id) }
  }

  async openMailbox(name: string): Promise<Mailbox> {
    const located = await this.#guard.find(name)
    await this.#guard.demand(located, 'open')
    const opened = await located.owner.store.openMailbox(located.mailbox)
    return new GuardedMailbox(this.#guard, located, opened)
  }

  stage(mailbox: string, content: Content, options: StageOptions = {}): Promise<StagedMessage> {
    return stageMessage(this.#guard, mailbox, content, options)
  }

  append(
    mailbox: string,
    messages: readonly AppendMessage[],
    origin?: string,
    freed?: number,
  ): Promise<Appended> {
    return appendMessages(this.#guard, { mailbox, messages, origin, freed })
  }

  /** Of the account's own mailboxes. What it puts into those of others counts for their owners. */
  setQuota(quotaBytes: number | undefined): void {
    this.#own.setQuota?.(quotaBytes)
  }

  usage(): Promise<{ readonly bytes: number; readonly messages: number }> {
    return this.#own.usage()
  }

  metadata(mailbox: string | undefined): Promise<Metadata> {
    return mailbox === undefined ? this.#own.metadata(undefined) : readAnnotations(this.#guard, mailbox)
  }

  setMetadata(mailbox: string | undefined, changes: ReadonlyMap<string, Buffer | null>): Promise<void> {
    return mailbox === undefined
      ? this.#own.setMetadata(undefined, changes)
      : changeAnnotations(this.#guard, mailbox, changes)
  }

  async myRights(mailbox: string): Promise<Rights> {
    const located = await this.#guard.find(mailbox)
    const rights = await this.#guard.demand(located, 'myRights')
    // Whether there is such a mailbox its own store knows best.
    await located.owner.store.myRights(located.mailbox)
    return rights
  }

  accessList(mailbox: string): Promise<readonly AccessEntry[]> {
    return accessList(this.#guard, mailbox)
  }

  setAccess(mailbox: string, identifier: RightsIdentifier, rights: Rights): Promise<void> {
    return setAccess(this.#guard, mailbox, identifier, rights)
  }

  async watch(
    mailboxes: readonly string[] | 'all',
    listener: (mailbox: string | undefined) => void,
  ): Promise<Lease> {
    const { personal, others } = bySpace(mailboxes)
    const own = await this.#own.watch(personal, (mailbox) =>
      listener(mailbox === undefined ? undefined : personalName(mailbox)),
    )
    if (others.length === 0) return own
    const foreign = new ForeignWatch(this.#guard, others, listener)
    try {
      await foreign.start()
    } catch (error) {
      await own.release()
      throw error
    }
    return { release: async () => void (await Promise.all([own.release(), foreign.release()])) }
  }

  lockMaildrop(): Promise<Lease> {
    return this.#own.lockMaildrop()
  }
}

/** The account's own mailboxes among these, as its store knows them, and all others. */
function bySpace(names: readonly string[] | 'all'): {
  readonly personal: readonly string[] | 'all'
  readonly others: readonly string[] | 'all'
} {
  if (names === 'all') return { personal: 'all', others: 'all' }
  const places = names.map((name) => ({ name, place: placeOf(name) }))
  return {
    personal: places.flatMap(({ place }) => (place.space === 'personal' ? [place.mailbox] : [])),
    others: places.filter(({ place }) => place.space !== 'personal').map(({ name }) => name),
  }
}
