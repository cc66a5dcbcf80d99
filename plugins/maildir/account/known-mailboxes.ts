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
import { isHalfMadeMailbox } from '../files/mailbox-directory.ts'
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
  /** Whether it has a `cur`. What has none may become a mailbox, or another program's directory. */
  readonly isWhole: boolean
}

interface Known {
  readonly mailboxes: readonly KnownMailbox[]
  /** Of what tells of every change: the account's Maildir, settings that are there, directories that are no whole mailboxes. */
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
    const kept = new Map(known.filter((each) => holds(each, stamps)).map((each) => [each.path, each]))
    const inside = await this.#lookInside([inboxIn(this.#inboxPath), ...there], kept)
    const foreign = new Set(await this.#foreign(there, kept, inside))
    const found = [inboxIn(this.#inboxPath), ...sortedByName(there.filter((each) => !foreign.has(each)))]
    const mailboxes = await this.#read(found, kept, new Map([...stamps, ...inside]))
    const root = stamps.get(this.#inboxPath) ?? nothing
    // While somebody holds the lock, or has left it behind, uses may change and the directory does not.
    const isSettled = root.isSettled && !entries.includes(usesLockName)
    const unsure = [...foreign, ...mailboxes.filter(({ isWhole }) => !isWhole)]
    return {
      mailboxes,
      sources: new Map([
        ...unsure.map(({ path }) => [path, stamps.get(path) ?? nothing] as const),
        [this.#inboxPath, { ...root, isSettled }],
        ...settingsOf(mailboxes),
      ]),
    }
  }

  /** What is in those that are not kept. After the directories: what comes into one of them later changes its stamp. */
  #lookInside(
    there: readonly NamedDirectory[],
    kept: ReadonlyMap<string, KnownMailbox>,
  ): Promise<FileStamps> {
    const unread = there.filter(({ path }) => !kept.has(path))
    return stampsOf(
      this.#context,
      unread.flatMap(({ path }) => [settingsIn(path), messagesIn(path)]),
    )
  }

  /** Directories of other programs. */
  async #foreign(
    there: readonly NamedDirectory[],
    kept: ReadonlyMap<string, KnownMailbox>,
    inside: FileStamps,
  ): Promise<readonly NamedDirectory[]> {
    const isWhole = (path: string): boolean => inside.get(messagesIn(path))?.isDirectory === true
    const unsure = there.filter(({ path }) => !kept.has(path) && !isWhole(path))
    const found = await Promise.all(unsure.map(({ path }) => isHalfMadeMailbox(this.#context, path)))
    return unsure.filter((_, at) => !found[at])
  }

  /** Reads the settings of those that are not kept. */
  #read(
    found: readonly NamedDirectory[],
    kept: ReadonlyMap<string, KnownMailbox>,
    stamps: FileStamps,
  ): Promise<readonly KnownMailbox[]> {
    return Promise.all(
      found.map(async ({ name, directory, path }): Promise<KnownMailbox> => {
        const stamp = stamps.get(path) ?? nothing
        const mailbox = kept.get(path)
        if (mailbox !== undefined) return { ...mailbox, stamp }
        const settings = stamps.get(settingsIn(path)) ?? nothing
        const isWhole = stamps.get(messagesIn(path))?.isDirectory === true
        const specialUse = settings === nothing ? undefined : await this.#specialUse(path)
        return { name, directory, path, stamp, settings, isWhole, specialUse }
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

function messagesIn(path: string): string {
  return `${path}/cur`
}
