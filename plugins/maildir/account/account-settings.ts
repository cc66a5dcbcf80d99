import { join } from 'node:path'
import { type MailboxInfo, MailwrightError, type Metadata, type SpecialUse } from 'mailwright'
import type { MaildirContext } from '../context.ts'
import type { JsonFile } from '../files/json-file.ts'
import type { AccountListings } from './account-listings.ts'
import type { AccountParts } from './account-store.ts'
import {
  type MailboxSettings,
  metadataOf,
  settingsFile,
  settingsFileName,
  usesLockName,
  withMetadata,
  withSpecialUse,
} from './mailbox-settings.ts'
import type { MailboxDirectories } from './mailboxes.ts'
import { subscriptionsFile, withSubscription } from './subscriptions.ts'

export const accountFileName = 'mailwright-account'

/** What is kept of an account's mailboxes beside messages: subscriptions, special uses, annotations. */
export class AccountSettings {
  readonly #context: MaildirContext
  readonly #root: string
  readonly #directories: MailboxDirectories
  readonly #listings: AccountListings
  readonly #subscriptions: JsonFile<readonly string[]>

  constructor(
    context: MaildirContext,
    { root, directories, listings }: Pick<AccountParts, 'root' | 'directories' | 'listings'>,
  ) {
    this.#context = context
    this.#root = root
    this.#directories = directories
    this.#listings = listings
    this.#subscriptions = subscriptionsFile(context, root)
  }

  mailboxes(): Promise<readonly MailboxInfo[]> {
    return this.#listings.mailboxes(this.#root)
  }

  subscriptions(): Promise<readonly string[]> {
    return this.#listings.subscriptions(this.#root)
  }

  subscribe(name: string, subscribed: boolean): Promise<void> {
    return this.#subscriptions.change((names) => withSubscription(names, name, subscribed))
  }

  /** One mailbox at most has a use: whoever had it loses it first. */
  async setSpecialUse(name: string, use: SpecialUse | undefined): Promise<void> {
    const lease = await this.#context.locks.acquire(join(this.#root, usesLockName))
    try {
      const file = this.#file(await this.#pathOf(name))
      if (use !== undefined) await this.#takeAway(name, use)
      await file.change((settings) =>
        settings.specialUse === use ? undefined : withSpecialUse(settings, use),
      )
    } finally {
      await lease.release()
    }
  }

  async metadata(mailbox: string | undefined): Promise<Metadata> {
    return metadataOf(await (await this.#metadataFile(mailbox)).read())
  }

  async setMetadata(mailbox: string | undefined, changes: ReadonlyMap<string, Buffer | null>): Promise<void> {
    await (await this.#metadataFile(mailbox)).change((settings) => withMetadata(settings, changes))
  }

  async #takeAway(name: string, use: SpecialUse): Promise<void> {
    for (const info of await this.mailboxes()) {
      if (info.specialUse !== use || info.name === name) continue
      const other = this.#file(await this.#pathOf(info.name))
      await other.change((settings) => withSpecialUse(settings, undefined))
    }
  }

  async #metadataFile(mailbox: string | undefined): Promise<JsonFile<MailboxSettings>> {
    return mailbox === undefined
      ? settingsFile(this.#context, this.#root, accountFileName)
      : this.#file(await this.#pathOf(mailbox))
  }

  #file(path: string): JsonFile<MailboxSettings> {
    return settingsFile(this.#context, path, settingsFileName)
  }

  async #pathOf(name: string): Promise<string> {
    const path = await this.#directories.find(name)
    if (path === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no mailbox ${name}`)
    return path
  }
}
