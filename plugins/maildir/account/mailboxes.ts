import { join } from 'node:path'
import { inbox, MailwrightError } from 'mailwright'
import {
  canonicalMaildirMailbox as canonicalMailboxName,
  maildirDirectoryOf as directoryOf,
  plainMaildirDirectoryOf as plainDirectoryOf,
} from 'mailwright/formats'
import type { MaildirContext } from '../context.ts'
import { type HeldLock, longestWait } from '../files/lock-file.ts'
import {
  checkMailboxDirectory,
  isDirectory,
  isMailboxDirectory,
  makeMailboxDirectory,
  removeEmptyMailbox,
  requireNoObstacle,
  requireRemovable,
  wrongPart,
} from '../files/mailbox-directory.ts'
import { indexFileName } from '../index/index-file.ts'
import { namedDirectories, sortedByName } from './mailbox-names.ts'
import { settingsFileName } from './mailbox-settings.ts'

/** Locks in a mailbox's directory. Whoever holds one must find it where it was, or it would stay. */
const lockNames: readonly string[] = [`${indexFileName}.lock`, `${settingsFileName}.lock`]

interface Move {
  readonly from: string
  readonly to: string
  /** Those that are held meanwhile, in the order of their names. */
  readonly locks: HeldLock[]
}

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
    const named = namedDirectories(this.#root, await this.#context.files.readdir(this.#root))
    const found = await Promise.all(named.map(({ path }) => isMailboxDirectory(this.#context, path)))
    const there = named.filter((_, at) => found[at])
    return [inbox, ...sortedByName(there).map(({ name }) => name)]
  }

  /** The directory of a mailbox that exists; undefined where there is none. The name is canonical. */
  async find(name: string): Promise<string | undefined> {
    const paths = this.#pathsOf(name)
    if (name === inbox) return paths[0]
    const found = await Promise.all(paths.map((path) => isMailboxDirectory(this.#context, path)))
    return paths[found.indexOf(true)]
  }

  /** Whether a mailbox is missing; MAIL_E_INVALID where something is in the way of making it. */
  async isMissing(name: string): Promise<boolean> {
    if ((await this.find(name)) !== undefined) return false
    for (const each of levelsOf(name)) await requireNoObstacle(this.#context, this.likelyPath(each))
    return true
  }

  /** Where a mailbox is, if it is there. */
  likelyPath(name: string): string {
    return this.#pathsOf(name)[0] ?? ''
  }

  /** The same, ready to be delivered into; MAIL_E_NOT_FOUND where there is none. */
  async open(name: string): Promise<string> {
    const isReady = async (path: string): Promise<boolean> =>
      (await wrongPart(this.#context, path)) === undefined
    const [likely = ''] = this.#pathsOf(name)
    if (name === inbox && this.#context.inboxes.wasSeen(this.#root)) return this.#root
    const [path, isLikelyReady] = await Promise.all([this.find(name), isReady(likely)])
    if (path === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no mailbox ${name}`)
    if (!(path === likely ? isLikelyReady : await isReady(path))) await this.#make(path)
    return path
  }

  /** The same, ready to be worked in: MAIL_E_UNAVAILABLE where parts of it lead somewhere else. */
  async openChecked(name: string): Promise<string> {
    const [likely = ''] = this.#pathsOf(name)
    // All is looked at together; what is wrong may have been made right meanwhile.
    const look = wrongPart(this.#context, likely).catch(() => likely)
    const [path, wrong] = await Promise.all([this.open(name), look])
    if (path !== likely || wrong !== undefined) await checkMailboxDirectory(this.#context, path)
    return path
  }

  /** Where a mailbox may be; where it is first, if that is more than one. */
  #pathsOf(name: string): readonly string[] {
    if (name === inbox) return [this.#root]
    const plain = plainDirectoryOf(name)
    const path = join(this.#root, directoryOf(name))
    return plain === undefined ? [path] : [path, join(this.#root, plain)]
  }

  /** Makes what a mailbox lacks, unless it is gone altogether; an INBOX is made all the same. */
  async complete(path: string): Promise<void> {
    if (path === this.#root || (await isDirectory(this.#context, path))) await this.#make(path)
  }

  /** Makes a mailbox and its missing parents. MAIL_E_EXISTS. */
  async create(name: string): Promise<void> {
    if ((await this.find(name)) !== undefined) throw exists(name)
    for (const path of await this.#missingParents(name)) await this.#make(path)
    await this.#make(join(this.#root, directoryOf(name)))
  }

  /** Where they are to be made, the highest first. */
  async #missingParents(name: string): Promise<readonly string[]> {
    const missing: string[] = []
    for (const parent of levelsOf(name).slice(0, -1))
      if ((await this.find(parent)) === undefined) missing.push(join(this.#root, directoryOf(parent)))
    return missing
  }

  /** Makes the INBOX, and with it the account's Maildir. */
  async ensureInbox(): Promise<void> {
    if (this.#context.inboxes.wasSeen(this.#root)) return
    if ((await wrongPart(this.#context, this.#root)) !== undefined) await this.#make(this.#root)
    this.#context.inboxes.see(this.#root)
  }

  /** MAIL_E_INVALID where another program's files would be removed with the mailbox. */
  async requireRemovable(name: string): Promise<void> {
    const path = await this.find(name)
    if (path !== undefined) await requireRemovable(this.#context, path)
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
   * Renames a mailbox with its children, or a level with those below it, when nobody is at work in them; where one cannot
   * be renamed, those before get their old names back. The UIDs go with them. MAIL_E_NOT_FOUND, MAIL_E_EXISTS.
   */
  async rename(from: string, to: string): Promise<void> {
    const moves = await this.#moves(from, to)
    if (moves.length === 0) throw new MailwrightError('MAIL_E_NOT_FOUND', `there is no mailbox ${from}`)
    if ((await this.find(to)) !== undefined) throw exists(to)
    const done: Move[] = []
    let parents: readonly string[] = []
    try {
      await this.#lock(moves)
      parents = await this.#missingParents(to)
      for (const path of parents) await this.#make(path)
      // The log knows messages by the paths of their mailboxes.
      for (const { from: path } of moves) await this.#context.deliveries?.settle(path)
      for (const move of moves) {
        await this.#rename(move)
        done.push(move)
      }
      await this.#context.directories.sync(this.#root)
      for (const { from: old, to: now } of done) await this.#context.deliveries?.moved(old, now)
    } catch (error) {
      for (const { from: old, to: now, locks } of done.reverse())
        await this.#rename({ from: now, to: old, locks }).catch(() => undefined)
      for (const path of parents.toReversed())
        await removeEmptyMailbox(this.#context, path).catch(() => undefined)
      throw error
    } finally {
      await unlock(moves)
    }
  }

  /** Takes all locks. A lock that stands still in one mailbox must not keep everybody from the others: none is held meanwhile. */
  async #lock(moves: readonly Move[]): Promise<void> {
    const { clock, locks } = this.#context
    const deadline = clock.monotonic() + longestWait
    for (;;) {
      const busy = await this.#tryLock(moves)
      if (busy === undefined) return
      await unlock(moves)
      await (await locks.acquire(busy, deadline - clock.monotonic())).release()
    }
  }

  /** Answers which lock somebody has; those before are held then. */
  async #tryLock(moves: readonly Move[]): Promise<string | undefined> {
    for (const { from, locks } of moves)
      for (const name of lockNames) {
        const lock = await this.#context.locks.tryAcquire(join(from, name))
        if (lock === undefined) return join(from, name)
        locks.push(lock)
      }
    return undefined
  }

  /** In the order of the paths, as moves of messages lock them. */
  async #moves(from: string, to: string): Promise<readonly Move[]> {
    const moves: Move[] = []
    for (const name of await this.list()) {
      if (name !== from && !name.startsWith(`${from}/`)) continue
      const renamed = canonicalMailboxName(to + name.slice(from.length))
      const path = await this.find(name)
      if (!(await this.isMissing(renamed))) throw exists(renamed)
      if (path !== undefined)
        moves.push({ from: path, to: join(this.#root, directoryOf(renamed)), locks: [] })
    }
    return moves.sort((one, two) => (one.from < two.from ? -1 : 1))
  }

  async #rename({ from, to, locks }: Move): Promise<void> {
    await this.#context.files.rename(from, to)
    for (const [at, lock] of locks.entries()) lock.movedTo(join(to, lockNames[at] ?? ''))
  }

  async #make(path: string): Promise<void> {
    const nested = path !== this.#root
    await makeMailboxDirectory(this.#context, { path, nested, top: nested ? this.#root : this.#storeRoot })
  }
}

/** A mailbox and those above it, the highest first. */
function levelsOf(name: string): readonly string[] {
  const levels = name.split('/')
  return levels.map((_, index) => levels.slice(0, index + 1).join('/'))
}

async function unlock(moves: readonly Move[]): Promise<void> {
  for (const { locks } of moves) for (const lock of locks.splice(0)) await lock.release()
}

function exists(name: string): MailwrightError {
  return new MailwrightError('MAIL_E_EXISTS', `there is a mailbox ${name} already`)
}
