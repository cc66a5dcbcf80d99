import { join } from 'node:path'
import { MailwrightError } from 'mailwright'
import type { MaildirContext } from './context.ts'
import { isDirectory, makeMailboxDirectory } from './mailbox-directory.ts'
import { canonicalMailboxName, directoryOf, inbox, mailboxOf, plainDirectoryOf } from './mailbox-name.ts'

/** The directories of one account's mailboxes: which there are, making, removing and renaming them. */
export class MailboxDirectories {
  readonly #context: MaildirContext
  readonly #root: string
  /** Parents of the account's Maildir are made from here on. */
  readonly #storeRoot: string

  constructor(context: MaildirContext, root: string, storeRoot: string) {
    this.#context = context
    this.#root = root
    this.#storeRoot = storeRoot
  }

  /** INBOX first, then sorted. */
  async list(): Promise<readonly string[]> {
    const names = new Set<string>()
    for (const directory of await this.#context.files.readdir(this.#root)) {
      const name = mailboxOf(directory)
      if (name !== undefined && (await isDirectory(this.#context, join(this.#root, directory))))
        names.add(name)
    }
    return [inbox, ...[...names].sort()]
  }

  /** The directory of a mailbox that exists; undefined where there is none. The name is canonical. */
  async find(name: string): Promise<string | undefined> {
    if (name === inbox) return this.#root
    for (const directory of [directoryOf(name), plainDirectoryOf(name)]) {
      if (directory === undefined) continue
      const path = join(this.#root, directory)
      if (await isDirectory(this.#context, path)) return path
    }
    return undefined
  }

  /** The same, ready to be delivered into; MAIL_E_NOT_FOUND where there is none. */
  async open(name: string): Promise<string> {
    const path = await this.find(name)
    if (path === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no mailbox ${name}`)
    if (!(await isDirectory(this.#context, join(path, 'tmp')))) await this.#make(path)
    return path
  }

  /** Makes what a mailbox lacks, unless it is gone altogether. */
  async complete(path: string): Promise<void> {
    if (await isDirectory(this.#context, path)) await this.#make(path)
  }

  /** Makes a mailbox and its missing parents. MAIL_E_EXISTS. */
  async create(name: string): Promise<void> {
    if ((await this.find(name)) !== undefined) throw exists(name)
    await this.createParents(name)
    await this.#make(join(this.#root, directoryOf(name)))
  }

  async createParents(name: string): Promise<void> {
    const levels = name.split('/')
    for (let depth = 1; depth < levels.length; depth++) {
      const parent = levels.slice(0, depth).join('/')
      if ((await this.find(parent)) === undefined) await this.#make(join(this.#root, directoryOf(parent)))
    }
  }

  /** Makes the INBOX, and with it the account's Maildir. */
  async ensureInbox(): Promise<void> {
    if (!(await isDirectory(this.#context, join(this.#root, 'tmp')))) await this.#make(this.#root)
  }

  /** Takes the mailbox out of the Maildir in one step, then removes what was in it. */
  async remove(path: string): Promise<void> {
    const { files, directories, names, log } = this.#context
    const grave = join(this.#root, 'tmp', names())
    await files.rename(path, grave)
    await directories.sync(this.#root)
    try {
      await files.rm(grave, { recursive: true, force: true })
    } catch (error) {
      log.warn('unavailable', { mailbox: path, problem: 'a deleted mailbox still takes room', error })
    }
  }

  /**
   * Renames a mailbox with its children; where one cannot be renamed, those before get their old names back. The UIDs
   * go with them.
   */
  async rename(from: string, to: string): Promise<void> {
    const { files, directories } = this.#context
    const moves = await this.#moves(from, to)
    await this.createParents(to)
    const done: { readonly from: string; readonly to: string }[] = []
    try {
      for (const move of moves) {
        await files.rename(move.from, move.to)
        done.push(move)
      }
      await directories.sync(this.#root)
    } catch (error) {
      for (const move of done.reverse()) await files.rename(move.to, move.from).catch(() => undefined)
      throw error
    }
  }

  async #moves(from: string, to: string): Promise<{ readonly from: string; readonly to: string }[]> {
    const moves: { readonly from: string; readonly to: string }[] = []
    for (const name of await this.list()) {
      if (name !== from && !name.startsWith(`${from}/`)) continue
      const renamed = canonicalMailboxName(to + name.slice(from.length))
      const path = await this.find(name)
      if ((await this.find(renamed)) !== undefined) throw exists(renamed)
      if (path !== undefined) moves.push({ from: path, to: join(this.#root, directoryOf(renamed)) })
    }
    return moves
  }

  async #make(path: string): Promise<void> {
    const nested = path !== this.#root
    await makeMailboxDirectory(this.#context, { path, nested, top: nested ? this.#root : this.#storeRoot })
  }
}

function exists(name: string): MailwrightError {
  return new MailwrightError('MAIL_E_EXISTS', `there is a mailbox ${name} already`)
}
