import type { SpecialUse } from 'mailwright'
import type { MaildirContext } from '../context.ts'
import {
  areUnchanged,
  type FileStamp,
  type FileStamps,
  isUnchanged,
  nothing,
  stampsOf,
} from '../files/file-stamps.ts'
import { inboxIn, type NamedDirectory, namedDirectories, sortedByName } from './mailbox-names.ts'
import { settingsFile, settingsFileName, usesLockName } from './mailbox-settings.ts'

/** A mailbox of an account, with what its settings say of it in a list. */
export interface FoundMailbox {
  readonly name: string
  readonly specialUse: SpecialUse | undefined
}

interface KnownMailbox extends FoundMailbox, NamedDirectory {
  /** Of the directory, from before its settings were looked for. */
  readonly stamp: FileStamp
  /** Of the settings, from before they were read. */
  readonly settings: FileStamp
}

interface Known {
  readonly mailboxes: readonly KnownMailbox[]
  /** Of what tells of every change: the account's Maildir, and settings that are there. */
  readonly sources: FileStamps
}

/**
 * The mailboxes of an account as they were last found. As long as the account's Maildir is unchanged they are the same.
 * So are special uses, for whoever changes one holds a lock there; settings that are there are looked at all the same,
 * as people may edit them.
 */
export class KnownMailboxes {
  readonly #context: MaildirContext
  readonly #root: string
  /** Leads to the directory itself, also where its name is a symbolic link. */
  readonly #inboxPath: string
  #known: Known | undefined

  constructor(context: MaildirContext, root: string) {
    this.#context = context
    this.#root = root
    this.#inboxPath = `${root}/.`
  }

  /** How many are kept in memory. */
  get count(): number {
    return this.#known?.mailboxes.length ?? 0
  }

  /** What has to be looked at before they are read. */
  get sources(): Iterable<string> {
    return this.#known?.sources.keys() ?? [this.#inboxPath]
  }

  /**
   * INBOX first, then sorted; the same array until something changes. `looked` is from after the question.
   * MAIL_E_UNAVAILABLE where settings are damaged.
   */
  async read(looked: FileStamps): Promise<readonly FoundMailbox[]> {
    if (this.#known !== undefined && areUnchanged(this.#known.sources, looked)) return this.#known.mailboxes
    const { mailboxes, sources } = await this.#renewed(this.#known?.mailboxes ?? [], looked)
    this.#known = { mailboxes, sources }
    return mailboxes
  }

  async #renewed(known: readonly KnownMailbox[], looked: FileStamps): Promise<Known> {
    const entries = await this.#context.files.readdir(this.#root)
    const named = namedDirectories(this.#root, entries, known)
    const paths = named.map(({ path }) => path)
    const stamps = new Map([...looked, ...(await stampsOf(this.#context, paths))])
    const there = named.filter(({ path }) => stamps.get(path)?.isDirectory === true)
    const found = [inboxIn(this.#inboxPath), ...sortedByName(there)]
    const kept = known.filter((mailbox) => holds(mailbox, stamps))
    const mailboxes = await this.#read(found, stamps, kept)
    const root = stamps.get(this.#inboxPath) ?? nothing
    // While somebody holds the lock, or has left it behind, uses may change and the directory does not.
    const isSettled = root.isSettled && !entries.includes(usesLockName)
    return {
      mailboxes,
      sources: new Map([[this.#inboxPath, { ...root, isSettled }], ...settingsOf(mailboxes)]),
    }
  }

  /** Reads the settings of those that are not kept. */
  async #read(
    found: readonly NamedDirectory[],
    stamps: FileStamps,
    kept: readonly KnownMailbox[],
  ): Promise<readonly KnownMailbox[]> {
    const known = new Map(kept.map((mailbox) => [mailbox.path, mailbox]))
    const unread = found.filter(({ path }) => !known.has(path))
    // After the directories: what comes into one of them later changes its stamp.
    const settings = await stampsOf(
      this.#context,
      unread.map(({ path }) => settingsIn(path)),
    )
    return Promise.all(
      found.map(async ({ name, directory, path }): Promise<KnownMailbox> => {
        const stamp = stamps.get(path) ?? nothing
        const mailbox = known.get(path)
        if (mailbox !== undefined) return { ...mailbox, stamp }
        const ofSettings = settings.get(settingsIn(path)) ?? nothing
        const specialUse = ofSettings === nothing ? undefined : await this.#specialUse(path)
        return { name, directory, path, stamp, settings: ofSettings, specialUse }
      }),
    )
  }

  async #specialUse(path: string): Promise<SpecialUse | undefined> {
    return (await settingsFile(this.#context, path, settingsFileName).read()).specialUse
  }
}

/** Whether the settings of a mailbox are what they were. */
function holds({ path, stamp, settings }: KnownMailbox, looked: FileStamps): boolean {
  return settings === nothing
    ? isUnchanged(stamp, looked.get(path))
    : isUnchanged(settings, looked.get(settingsIn(path)))
}

function settingsOf(mailboxes: readonly KnownMailbox[]): readonly (readonly [string, FileStamp])[] {
  return mailboxes
    .filter(({ settings }) => settings !== nothing)
    .map(({ path, settings }) => [settingsIn(path), settings])
}

function settingsIn(path: string): string {
  return `${path}/${settingsFileName}`
}
