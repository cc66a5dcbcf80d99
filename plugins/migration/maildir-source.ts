import { lstat, readdir } from 'node:fs/promises'
import { errorText, type Spool, UnavailableError } from 'mailwright'
import { compareMaildirDeliveryTimes, maildirDeliveryTime, parseMaildirFileName } from 'mailwright/formats'
import { flagsOfLetters } from './maildir-letters.ts'
import { type MaildirLists, readLists, readSubscriptions } from './maildir-lists.ts'
import { type FoundMaildir, findMaildirs, joined } from './maildir-tree.ts'
import { readFileMessage } from './message-file.ts'
import type {
  FailedMessage,
  LoadedMessage,
  LoadedMessages,
  MailSource,
  OpenedSource,
  SkippedPart,
  SourceEntry,
  SourceMailbox,
} from './source.ts'

/** Reads Maildirs on the disk. Nothing in them is changed. */
export class MaildirSource implements MailSource {
  readonly name: string
  readonly skipped: SkippedPart[] = []
  readonly #path: string
  readonly #spool: Spool
  readonly #found = new Map<string, FoundMaildir>()

  /** `path` is absolute. */
  constructor(path: string, spool: Spool) {
    this.name = `maildir:${path}`
    this.#path = path
    this.#spool = spool
  }

  async mailboxes(): Promise<readonly SourceMailbox[]> {
    const { maildirs, skipped } = await findMaildirs(this.#path)
    this.skipped.push(...skipped)
    const mailboxes: SourceMailbox[] = []
    for (const maildir of maildirs) {
      const key = maildir.path.toString('latin1')
      this.#found.set(key, maildir)
      mailboxes.push({ key, levels: maildir.levels, messages: (await listMessages(maildir.path)).length })
    }
    return mailboxes
  }

  subscriptions(): Promise<readonly (readonly string[])[]> {
    return readSubscriptions(Buffer.from(this.#path))
  }

  async open({ key }: SourceMailbox): Promise<OpenedSource> {
    const found = this.#found.get(key)
    if (found === undefined) throw new RangeError('no mailbox of this source')
    const { dev, ino } = await lstat(found.path)
    return new OpenedMaildir(found.path, `${dev}:${ino}`, await readLists(found.path), this.#spool)
  }

  async close(): Promise<void> {
    this.#found.clear()
  }
}

/** Where a message's file is at the moment. */
interface MessageFile {
  /** The name without flags. Octets, one a character, as they need not be UTF-8. */
  readonly base: string
  /** The same as lists of servers have it. */
  readonly listed: string
  readonly letters: string
  readonly part: 'new' | 'cur'
  /** Octets of the name, one a character. */
  readonly name: string
}

/** One Maildir while it is read. */
class OpenedMaildir implements OpenedSource {
  readonly identity: string
  readonly #path: Buffer
  readonly #lists: MaildirLists
  readonly #spool: Spool
  #files = new Map<string, MessageFile>()

  constructor(path: Buffer, identity: string, lists: MaildirLists, spool: Spool) {
    this.identity = identity
    this.#path = path
    this.#lists = lists
    this.#spool = spool
  }

  async *entries(): AsyncGenerator<SourceEntry> {
    for (const file of this.#sorted(await this.#look())) {
      const status = await lstat(this.#pathOf(file)).catch(() => undefined)
      // Moved by its owner in the meantime: its size is not important, and it is found when it is read.
      yield this.#entry(file, status)
    }
  }

  async load(entries: readonly SourceEntry[]): Promise<LoadedMessages> {
    const messages: (LoadedMessage & { dispose(): Promise<void> })[] = []
    const failed: FailedMessage[] = []
    for (const entry of entries) {
      try {
        const read = await this.#read(entry)
        if (read !== undefined) messages.push(read)
      } catch (error) {
        failed.push({ entry, problem: errorText(error) })
      }
    }
    const dispose = async (): Promise<void> => {
      for (const message of messages) await message.dispose()
    }
    return { messages, failed, dispose }
  }

  async close(): Promise<void> {
    this.#files.clear()
  }

  /** Undefined where the message is gone. A file that is not where it was has perhaps got other flags. */
  async #read(entry: SourceEntry): Promise<(LoadedMessage & { dispose(): Promise<void> }) | undefined> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const file = this.#files.get(entry.key)
      if (file === undefined) return undefined
      const read = await readFileMessage(this.#pathOf(file), this.#spool)
      if (read !== undefined) {
        const { content, modifiedAt, dispose } = read
        return { entry: { ...entry, internalDate: modifiedAt }, content, dispose }
      }
      await this.#look()
    }
    return undefined
  }

  async #look(): Promise<ReadonlyMap<string, MessageFile>> {
    const files = await listMessages(this.#path)
    this.#files = new Map(files.map((file) => [file.base, file]))
    return this.#files
  }

  /** Those that have a UID in their order, then the others in the order of their delivery. */
  #sorted(files: ReadonlyMap<string, MessageFile>): readonly MessageFile[] {
    const { uids } = this.#lists
    const order = (file: MessageFile): number => uids.get(file.listed) ?? Number.POSITIVE_INFINITY
    return [...files.values()].sort((a, b) => {
      const [one, two] = [order(a), order(b)]
      return one === two ? compareDelivery(a.base, b.base) : one - two
    })
  }

  #entry(file: MessageFile, status: { size: number; mtime: Date } | undefined): SourceEntry {
    const { base, listed, letters } = file
    const { uids, keywordOfLetter, keywordsOfMessage } = this.#lists
    const uid = uids.get(listed)
    return {
      key: base,
      label: base,
      flags: [...flagsOfLetters(letters, keywordOfLetter), ...(keywordsOfMessage.get(listed) ?? [])],
      size: status?.size ?? 0,
      ...(status === undefined ? {} : { internalDate: status.mtime }),
      ...(uid === undefined ? {} : { uid }),
    }
  }

  #pathOf({ part, name }: MessageFile): Buffer {
    return joined(joined(this.#path, part), Buffer.from(name, 'latin1'))
  }
}

/** The messages of a Maildir, each once. MAIL_E_UNAVAILABLE where the directories cannot be read. */
async function listMessages(path: Buffer): Promise<readonly MessageFile[]> {
  const files = new Map<string, MessageFile>()
  // A message goes from `new` to `cur`, so that none is missed in this order.
  for (const part of ['new', 'cur'] as const) {
    for (const name of await names(joined(path, part))) {
      const parsed = parseMaildirFileName(name)
      if (parsed === undefined) continue
      const { base, letters } = parsed
      files.set(base, { base, listed: Buffer.from(base, 'latin1').toString(), letters, part, name })
    }
  }
  return [...files.values()]
}

async function names(path: Buffer): Promise<readonly string[]> {
  try {
    return await readdir(path, { encoding: 'latin1' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new UnavailableError(`${path} cannot be read`, { cause: error })
  }
}

function compareDelivery(one: string, two: string): number {
  const byTime = compareMaildirDeliveryTimes(maildirDeliveryTime(one, 0), maildirDeliveryTime(two, 0))
  return byTime || (one < two ? -1 : 1)
}
