import { basename, dirname, join } from 'node:path'
import { type Account, MailwrightError, Serial } from 'mailwright'
import { isMissing, systemCode } from 'mailwright/disk'
import { type MboxContext, uniqueName } from './context.ts'
import { ifThere } from './disk-errors.ts'
import { makeDirectory, openNew, syncDirectory } from './durable-file.ts'
import type { FileStatus } from './file-system.ts'
import { besideSuffix, inbox, levelFile, levelOf, parentsOf, withoutSuffix } from './mailbox-name.ts'
import { isTwice, leadsElsewhere, requireNoObstacle } from './mailbox-obstacles.ts'
import { readTree } from './mailbox-tree.ts'

/** Where an account's mail is. All absolute. */
export interface AccountPlaces {
  readonly account: Account
  /** The file of INBOX. */
  readonly inbox: string
  /** The directory of the other mailboxes. */
  readonly mailboxes: string
}

/** One mailbox's files. */
export interface MailboxPlace {
  readonly account: Account
  /** With `/` between levels. */
  readonly name: string
  /** How the names of its index and of other files of ours begin. */
  readonly control: string
  /** A directory for files on their way, on the same file system as those. */
  readonly spool: string
}

/** A mailbox's file as it is now. */
export interface FoundFile {
  readonly path: string
  readonly status: FileStatus
}

/** The directory of what is ours, within that of the mailboxes. */
const controlDirectory = '.mailwright'

/**
 * The files of one account's mailboxes. `Work/Bills` is the file `Work/Bills`. A mailbox that has others below it cannot
 * be a file of that name, for a directory has it: its messages are beside that, in `Work.messages`.
 */
export class MailboxFiles {
  readonly places: AccountPlaces
  readonly #context: MboxContext
  readonly #making = new Serial()

  constructor(context: MboxContext, places: AccountPlaces) {
    this.#context = context
    this.places = places
  }

  get control(): string {
    return join(this.places.mailboxes, controlDirectory)
  }

  get spool(): string {
    return join(this.control, 'spool')
  }

  place(name: string): MailboxPlace {
    const { account } = this.places
    const path = this.#path(name)
    const control =
      name === inbox ? join(this.control, inbox) : join(dirname(path), `.${basename(path)}.mailwright`)
    return { account, name, control, spool: this.spool }
  }

  /** The file of a mailbox; undefined where there is none. A symbolic link is none: it could lead anywhere. */
  async find(name: string): Promise<FoundFile | undefined> {
    const { files } = this.#context
    if (name !== inbox)
      for (const parent of parentsOf(name))
        if (!(await this.#isDirectory(this.#path(parent)))) return undefined
    for (const path of name === inbox ? [this.places.inbox] : this.#candidates(name)) {
      const status = await ifThere(files.lstat(path))
      if (status?.isFile()) return { path, status }
    }
    return undefined
  }

  /** The same; MAIL_E_NOT_FOUND where there is none. INBOX is made then. */
  async require(name: string): Promise<FoundFile> {
    const found = await this.find(name)
    if (found !== undefined) return found
    if (name !== inbox) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no mailbox ${name}`)
    await this.#make(this.places.inbox)
    return { path: this.places.inbox, status: await this.#context.files.lstat(this.places.inbox) }
  }

  /** A mailbox other than INBOX; undefined where it is missing and can be made. MAIL_E_INVALID where something else is in the way. */
  async findOrRoom(name: string): Promise<FoundFile | undefined> {
    const found = await this.find(name)
    if (found !== undefined) return found
    for (const each of [...parentsOf(name), name])
      await requireNoObstacle(this.#context.files, { name: each, path: this.#path(each) }, each === name)
    return undefined
  }

  /** Makes INBOX and the directories. */
  async ensure(): Promise<void> {
    if ((await ifThere(this.#context.files.lstat(this.spool))) === undefined)
      await makeDirectory(this.#context.files, this.spool)
    await this.require(inbox)
  }

  /** All mailboxes, INBOX first, then sorted. */
  async list(): Promise<readonly string[]> {
    const { names } = await readTree(this.#context.files, this.places.mailboxes)
    return [inbox, ...[...names].sort()]
  }

  /** Directories that hold mailboxes' files. */
  async directories(): Promise<readonly string[]> {
    const { directories } = await readTree(this.#context.files, this.places.mailboxes)
    return [...new Set([dirname(this.places.inbox), ...directories])]
  }

  /** The mailbox whose file, index or lock an entry of a directory may be; undefined where it is none of ours. */
  mailboxAt(directory: string, entry: string): string | undefined {
    if (join(directory, entry) === this.places.inbox) return inbox
    const { mailboxes } = this.places
    if (directory !== mailboxes && !directory.startsWith(`${mailboxes}/`)) return undefined
    const above = directory === mailboxes ? [] : directory.slice(mailboxes.length + 1).split('/')
    const levels = [...above, withoutSuffix(entry)].map(levelOf)
    const name = levels.includes(undefined) ? undefined : levels.join('/')
    return name === inbox ? undefined : name
  }

  /** Makes a mailbox and its missing parents. MAIL_E_EXISTS. */
  async create(name: string): Promise<void> {
    if ((await this.find(name)) !== undefined) throw exists(name)
    await this.createMissing(name)
  }

  /** Makes a mailbox that may be there already. One after the other: what is left of an old one is removed before. */
  createMissing(name: string): Promise<void> {
    return this.#making.run(async () => {
      if ((await this.find(name)) !== undefined) return
      await this.createParents(name)
      await this.#createOne(name)
    })
  }

  async createParents(name: string): Promise<void> {
    for (const parent of parentsOf(name)) {
      if ((await this.find(parent)) === undefined) await this.#createOne(parent)
      await this.#makeRoomBelow(parent)
    }
  }

  /** Removes a mailbox's file, which the caller has locked, with all that belongs to it. */
  async remove({ path }: FoundFile, { control }: MailboxPlace): Promise<void> {
    const { files } = this.#context
    // First what could be taken for a later mailbox's.
    for (const suffix of controlSuffixes) await ifThere(files.unlink(control + suffix))
    await files.unlink(path)
    await syncDirectory(files, dirname(path))
    for (let above = dirname(path); above.startsWith(`${this.places.mailboxes}/`); above = dirname(above))
      if (!(await removed(files.rmdir(above)))) break
  }

  /**
   * Gives a mailbox, which the caller has locked, another name, with its children; where something cannot be renamed,
   * what was renamed before gets its old name back.
   */
  async rename(from: string, to: string): Promise<void> {
    const { files } = this.#context
    if ((await this.find(to)) !== undefined) throw exists(to)
    await this.createParents(to)
    const done: Move[] = []
    try {
      for (const move of await this.#moves(from, to)) {
        await files.rename(move.from, move.to)
        done.push(move)
      }
      for (const name of [from, to]) await syncDirectory(files, dirname(this.#path(name)))
    } catch (error) {
      for (const move of done.reverse()) await files.rename(move.to, move.from).catch(() => undefined)
      throw error
    }
  }

  async #moves(from: string, to: string): Promise<readonly Move[]> {
    const { files } = this.#context
    const [old, fresh] = [this.#path(from), this.#path(to)]
    const found = await this.find(from)
    if (found === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no mailbox ${from}`)
    const moves: Move[] = []
    if ((await this.#isDirectory(fresh)) && !(await removed(files.rmdir(fresh)))) throw exists(`${to}/…`)
    const hasChildren = await this.#isDirectory(old)
    moves.push({ from: found.path, to: hasChildren ? fresh + besideSuffix : fresh })
    const [oldControl, newControl] = [this.place(from).control, this.place(to).control]
    for (const suffix of controlSuffixes) {
      const status = await ifThere(files.lstat(oldControl + suffix))
      if (status !== undefined) moves.push({ from: oldControl + suffix, to: newControl + suffix })
    }
    if (hasChildren) moves.push({ from: old, to: fresh })
    return moves
  }

  /** Where a mailbox's file is, unless a directory has its name. */
  #path(name: string): string {
    return join(this.places.mailboxes, ...name.split('/').map(levelFile))
  }

  #candidates(name: string): readonly string[] {
    const path = this.#path(name)
    return [path, path + besideSuffix]
  }

  async #createOne(name: string): Promise<void> {
    const { files } = this.#context
    const path = this.#path(name)
    const { control } = this.place(name)
    for (const suffix of controlSuffixes) await ifThere(files.unlink(control + suffix))
    await this.#make((await this.#isDirectory(path)) ? path + besideSuffix : path)
    if ((await this.find(name)) === undefined)
      throw new MailwrightError('MAIL_E_INVALID', `something that is no file has the name of ${name}`)
  }

  /** Makes an empty file. Somebody may do so at the same time. */
  async #make(path: string): Promise<void> {
    const { files } = this.#context
    try {
      await (await openNew(files, path)).close()
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return
      if (!isMissing(error)) throw error
      await makeDirectory(files, dirname(path))
      await (await openNew(files, path)).close()
    }
    await syncDirectory(files, dirname(path))
  }

  /** Makes the directory for what is below a mailbox; its own file steps aside. */
  async #makeRoomBelow(name: string): Promise<void> {
    const { files, locks } = this.#context
    const path = this.#path(name)
    const status = name === inbox ? undefined : await ifThere(files.lstat(path))
    if (status?.isDirectory()) return
    if (status?.isFile()) {
      const locked = await locks.acquire(path, 'exclusive')
      try {
        if ((await ifThere(files.lstat(path + besideSuffix))) !== undefined) throw isTwice(name, path)
        await files.rename(path, path + besideSuffix)
      } finally {
        await locked.release()
      }
    }
    await makeDirectory(files, path)
    if (await this.#isDirectory(path)) return
    throw leadsElsewhere(name, path)
  }

  async #isDirectory(path: string): Promise<boolean> {
    return (await ifThere(this.#context.files.lstat(path)))?.isDirectory() === true
  }
}

interface Move {
  readonly from: string
  readonly to: string
}

/** What of ours is beside a mailbox's file: its index, and a change that is under way. */
const controlSuffixes: readonly string[] = ['.index', '.pending']

/** Whether a directory could be removed; it cannot where something is in it. */
function removed(removing: Promise<void>): Promise<boolean> {
  return removing.then(
    () => true,
    () => false,
  )
}

function exists(name: string): MailwrightError {
  return new MailwrightError('MAIL_E_EXISTS', `there is a mailbox ${name} already`)
}

/** A new name in the spool. */
export function spoolName({ spool }: MailboxPlace): string {
  return join(spool, uniqueName())
}
