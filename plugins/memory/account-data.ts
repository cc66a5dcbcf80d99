import { MailwrightError, type SpecialUse } from 'mailwright'
import { Annotations } from './annotations.ts'
import { MailboxData } from './mailbox-data.ts'
import { canonicalName, isWithin, parentsOf, sortedNames } from './mailbox-name.ts'
import { Watchers } from './watchers.ts'

/** Makes numbers that no other mailbox of the store has. */
export interface Numbering {
  nextUidValidity(): number
  nextId(): string
}

/** One account's mailboxes by name. Every change is one synchronous step. */
export class AccountData {
  readonly #mailboxes = new Map<string, MailboxData>()
  readonly #numbering: Numbering
  readonly #subscribed = new Set<string>()
  readonly #annotations = new Annotations()
  readonly watchers: Watchers = new Watchers()
  /** Octets staged and not yet committed: they count for the quota, so that two deliveries cannot share its last room. */
  stagedBytes = 0
  maildropLocked = false

  constructor(numbering: Numbering) {
    this.#numbering = numbering
    this.#make('INBOX')
  }

  /** INBOX first, the others sorted by name. */
  get mailboxes(): readonly MailboxData[] {
    return sortedNames(this.#mailboxes.keys()).flatMap((name) => this.#mailboxes.get(name) ?? [])
  }

  /** Names, whether or not there are such mailboxes. */
  get subscribed(): ReadonlySet<string> {
    return this.#subscribed
  }

  get usage(): { readonly bytes: number; readonly messages: number } {
    const all = [...this.#mailboxes.values()]
    return {
      bytes: all.reduce((sum, mailbox) => sum + mailbox.size, 0),
      messages: all.reduce((sum, mailbox) => sum + mailbox.messages.length, 0),
    }
  }

  nextId(): string {
    return this.#numbering.nextId()
  }

  has(name: string): boolean {
    return this.#mailboxes.has(canonicalName(name))
  }

  /** MAIL_E_NOT_FOUND, MAIL_E_INVALID. */
  mailbox(name: string): MailboxData {
    const found = this.#mailboxes.get(canonicalName(name))
    if (found === undefined) throw notFound(name)
    return found
  }

  /** Annotations of a mailbox, or those of the account. */
  annotations(mailbox: string | undefined): Annotations {
    return mailbox === undefined ? this.#annotations : this.mailbox(mailbox).annotations
  }

  /** Makes a mailbox and its missing parents. MAIL_E_EXISTS, MAIL_E_INVALID. */
  create(name: string): MailboxData {
    const canonical = canonicalName(name)
    if (this.#mailboxes.has(canonical)) throw exists(name)
    this.#makeParents(canonical)
    this.watchers.tell(undefined)
    return this.#make(canonical)
  }

  delete(name: string): void {
    const mailbox = this.mailbox(name)
    if (mailbox.name === 'INBOX') throw new MailwrightError('MAIL_E_INVALID', 'INBOX cannot be deleted')
    this.#mailboxes.delete(mailbox.name)
    mailbox.remove(mailbox.entries.map((entry) => entry.uid))
    mailbox.isGone = true
    this.#tellOfList(mailbox.name)
  }

  /** Renames a mailbox other than INBOX with its children, or a level with those below it. */
  rename(from: string, to: string): void {
    const source = canonicalName(from)
    const target = canonicalName(to)
    const moving = [...this.#mailboxes.values()].filter((mailbox) => isWithin(mailbox.name, source))
    if (moving.length === 0) throw notFound(from)
    if (this.#mailboxes.has(target)) throw exists(to)
    if (isWithin(target, source))
      throw new MailwrightError('MAIL_E_INVALID', 'a mailbox cannot be renamed into itself')
    const newName = (mailbox: MailboxData): string => target + mailbox.name.slice(source.length)
    const taken = moving.find((mailbox) => this.#mailboxes.has(newName(mailbox)))
    if (taken !== undefined) throw exists(newName(taken))
    this.#makeParents(target)
    for (const mailbox of moving) {
      this.#mailboxes.delete(mailbox.name)
      this.#tellOfList(mailbox.name)
      mailbox.name = newName(mailbox)
      this.#mailboxes.set(mailbox.name, mailbox)
      this.#tellOfList(mailbox.name)
    }
  }

  subscribe(name: string, subscribed: boolean): void {
    const canonical = canonicalName(name)
    if (subscribed) this.#subscribed.add(canonical)
    else this.#subscribed.delete(canonical)
    this.watchers.tell(undefined)
  }

  /** Gives a mailbox a use, which its former holder loses, or takes its own away. */
  setSpecialUse(mailbox: MailboxData, use: SpecialUse | undefined): void {
    for (const other of this.#mailboxes.values()) if (other.specialUse === use) other.specialUse = undefined
    mailbox.specialUse = use
    this.watchers.tell(undefined)
  }

  /** Tells of a mailbox that came, went or got another name. */
  #tellOfList(name: string): void {
    this.watchers.tell(name)
    this.watchers.tell(undefined)
  }

  #makeParents(name: string): void {
    for (const parent of parentsOf(name)) if (!this.#mailboxes.has(parent)) this.#make(parent)
  }

  #make(name: string): MailboxData {
    const uidValidity = this.#numbering.nextUidValidity()
    const mailbox = new MailboxData(name, uidValidity, (changed) => this.watchers.tell(changed))
    this.#mailboxes.set(name, mailbox)
    return mailbox
  }
}

function notFound(name: string): MailwrightError {
  return new MailwrightError('MAIL_E_NOT_FOUND', `no mailbox ${JSON.stringify(name)}`)
}

function exists(name: string): MailwrightError {
  return new MailwrightError('MAIL_E_EXISTS', `there is a mailbox ${JSON.stringify(name)} already`)
}
