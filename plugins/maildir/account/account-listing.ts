import type { MailboxInfo } from 'mailwright'
import type { MaildirContext } from '../context.ts'
import { type FileStamps, stampsOf } from '../files/file-stamps.ts'
import { type FoundMailbox, KnownMailboxes } from './known-mailboxes.ts'
import { KnownSubscriptions } from './known-subscriptions.ts'

interface Told {
  readonly mailboxes: readonly FoundMailbox[]
  readonly subscribed: readonly string[]
  readonly infos: readonly MailboxInfo[]
}

/** What is told of an account's mailboxes in lists: made anew only where what it is made of has changed. */
export class AccountListing {
  readonly #context: MaildirContext
  readonly #mailboxes: KnownMailboxes
  readonly #subscriptions: KnownSubscriptions
  #next: Promise<FileStamps> | undefined
  #told: Told | undefined

  constructor(context: MaildirContext, root: string) {
    this.#context = context
    this.#mailboxes = new KnownMailboxes(context, root)
    this.#subscriptions = new KnownSubscriptions(context, root)
  }

  /** How many names are kept in memory. */
  get count(): number {
    return this.#mailboxes.count + this.#subscriptions.count
  }

  /** INBOX first, then sorted. MAIL_E_UNAVAILABLE where settings or subscriptions are damaged. */
  async mailboxes(): Promise<readonly MailboxInfo[]> {
    const looked = await this.#look()
    const [mailboxes, subscribed] = await Promise.all([
      this.#mailboxes.read(looked),
      this.#subscriptions.read(looked),
    ])
    if (this.#told?.mailboxes !== mailboxes || this.#told.subscribed !== subscribed)
      this.#told = { mailboxes, subscribed, infos: infosOf(mailboxes, new Set(subscribed)) }
    return this.#told.infos
  }

  /** Sorted, whether or not there are such mailboxes. MAIL_E_UNAVAILABLE where they are damaged. */
  async subscriptions(): Promise<readonly string[]> {
    return this.#subscriptions.read(await this.#look())
  }

  /** One look for all who ask at the same moment. */
  #look(): Promise<FileStamps> {
    this.#next ??= new Promise((resolve) => {
      // When everything has been done that waits for nothing, all are there that ask now.
      process.nextTick(() => {
        this.#next = undefined
        const paths = new Set([...this.#mailboxes.sources, ...this.#subscriptions.sources])
        resolve(stampsOf(this.#context, [...paths]))
      })
    })
    return this.#next
  }
}

function infosOf(
  mailboxes: readonly FoundMailbox[],
  subscribed: ReadonlySet<string>,
): readonly MailboxInfo[] {
  return mailboxes.map(({ name, specialUse }): MailboxInfo => {
    const info = { name, subscribed: subscribed.has(name), namespace: 'personal' } as const
    return specialUse === undefined ? info : { ...info, specialUse }
  })
}
