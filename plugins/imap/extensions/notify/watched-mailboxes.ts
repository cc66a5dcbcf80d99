import { errorCode, hasAllRights, type MailboxStatus } from 'mailwright'
import type { ImapSession } from 'mailwright/imap'
import { isOwnMailbox } from '../../engine/target-mailbox.ts'
import { type MailboxNames, mailboxNames } from '../list/mailbox-names.ts'
import { mailboxAnnotations } from '../metadata/kept.ts'
import { digested, type KnownAnnotations } from './annotations.ts'
import type { EventGroups } from './event-groups.ts'
import { messageEvents, type NotifyEvent } from './events.ts'

/** Mailboxes that are kept in mind for a client. */
const mostMailboxes = 1_000
/** Subscriptions, and annotations, that are kept in mind for a client. */
const mostNames = 10_000

/** More would have to be kept in mind for a client than is (RFC 5465 §5.8). */
export class TooMuchToTell extends Error {}

/** What a client knows of a mailbox that it is told of. */
export interface KnownMailbox {
  /** By which it is known when it has another name. */
  readonly id: string | undefined
  /** Undefined where the account must not look into it, or could not. */
  status: MailboxStatus | undefined
  hasChildren: boolean
  annotations: KnownAnnotations
}

/**
 * `hidden`: the account may see the mailbox and not look into it. `gone`: there is none that it may see. `unknown`: nobody
 * wants to know, or the store fails.
 */
export type StatusFound = MailboxStatus | 'hidden' | 'gone' | 'unknown'

const noAnnotations: KnownAnnotations = new Map()

/** The mailboxes that a client is told of without their being selected, as it knows them. */
export class WatchedMailboxes {
  readonly session: ImapSession
  readonly groups: EventGroups
  readonly known: Map<string, KnownMailbox> = new Map()
  /** Kept where it matters to the client. */
  subscribed: ReadonlySet<string> = new Set()
  serverAnnotations: KnownAnnotations = noAnnotations
  /** Those that the client was told it must not look into. */
  readonly denied: Set<string> = new Set()

  constructor(session: ImapSession, groups: EventGroups) {
    this.session = session
    this.groups = groups
  }

  /** What the client is told of a mailbox, whether or not there is one of that name. */
  eventsOf(name: string, subscribed: ReadonlySet<string> = this.subscribed): ReadonlySet<NotifyEvent> {
    return this.groups.eventsOf({ name, isPersonal: isOwnMailbox(name), isSubscribed: subscribed.has(name) })
  }

  isTold(name: string, event: NotifyEvent): boolean {
    return this.eventsOf(name).has(event)
  }

  /** The mailboxes that there are now; what is subscribed is noted. */
  async names(): Promise<MailboxNames> {
    const names = await mailboxNames(this.session)
    if (this.groups.areOfSubscriptions) this.subscribed = names.subscribed
    return names
  }

  /** Those of them that the client is told something of. */
  wantedOf(names: MailboxNames): readonly string[] {
    const wanted = [...names.infos.keys()].filter((name) => this.eventsOf(name).size > 0)
    if (wanted.length > mostMailboxes || this.subscribed.size > mostNames) throw new TooMuchToTell()
    return wanted
  }

  /** Looks at a mailbox, and takes it for what the client knows. */
  async learn(name: string, names: MailboxNames): Promise<StatusFound> {
    const status = await this.statusOf(name)
    const annotations = this.isTold(name, 'MailboxMetadataChange')
      ? await this.annotationsOf(name)
      : undefined
    const found = typeof status === 'object' ? status : undefined
    this.known.set(name, {
      id: found?.id,
      status: found,
      hasChildren: names.parents.has(name),
      annotations: annotations ?? noAnnotations,
    })
    return status
  }

  async statusOf(name: string): Promise<StatusFound> {
    const events = this.eventsOf(name)
    // The id is what a new name is known by.
    if (!events.has('MailboxName') && ![...messageEvents].some((event) => events.has(event))) return 'unknown'
    try {
      return (await this.#lackOf(name)) ?? (await this.session.mail.status(name))
    } catch (error) {
      const code = errorCode(error)
      if (code === undefined) throw error
      return code === 'MAIL_E_NOT_FOUND' ? 'gone' : 'unknown'
    }
  }

  /** RFC 5465 §5: whatever is told of a mailbox needs the rights `l` and `r`. */
  async #lackOf(name: string): Promise<'hidden' | 'gone' | undefined> {
    const { mail, server } = this.session
    if (isOwnMailbox(name) || !server.store.supports.rights) return undefined
    const rights = await mail.myRights(name)
    if (!hasAllRights(rights, 'l')) return 'gone'
    return hasAllRights(rights, 'r') ? undefined : 'hidden'
  }

  deny(name: string): void {
    this.denied.add(name)
    if (this.denied.size > mostMailboxes) throw new TooMuchToTell()
  }

  /** Undefined where they cannot be read. */
  async annotationsOf(name: string): Promise<KnownAnnotations | undefined> {
    try {
      if ((await this.#lackOf(name)) !== undefined) return undefined
      const annotations = digested(await mailboxAnnotations(this.session, name, undefined))
      const others = [...this.known.values()].reduce((sum, known) => sum + known.annotations.size, 0)
      if (others + annotations.size > mostNames) throw new TooMuchToTell()
      return annotations
    } catch (error) {
      if (errorCode(error) === undefined) throw error
      return undefined
    }
  }
}
