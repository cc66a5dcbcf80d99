import { join } from 'node:path'
import type { Lease, Timer } from 'mailwright'
import type { MaildirContext } from '../context.ts'
import { DirectoryStamps } from '../files/directory-stamps.ts'
import type { DirectoryWatcher } from '../files/file-system.ts'
import { indexFileName } from '../index/index-file.ts'
import { accountFileName } from './account-settings.ts'
import { settingsFileName } from './mailbox-settings.ts'
import { subscriptionsFileName } from './subscriptions.ts'

/** Milliseconds in which several changes are told as one. */
const together = 15
/** Milliseconds between looks where the system tells of no changes. */
const pollEvery = 90

/** Files that say something of all mailboxes: subscriptions and annotations of the account. */
const ofAccount: ReadonlySet<string> = new Set([subscriptionsFileName, accountFileName])

/** A mailbox to be watched: its directory, and whom to call. */
export interface WatchedMailbox {
  readonly path: string
  /** `listChanged` says that mailboxes below the directory may have come or gone. */
  changed(listChanged: boolean): void
}

/**
 * Tells of changes to a mailbox by whatever program: the system's own notice where it gives one, else looking often. Our
 * own locks and drafts are no changes.
 */
export async function watchMailbox(
  context: MaildirContext,
  { path, changed }: WatchedMailbox,
): Promise<Lease> {
  const soon = new Soon(context, changed)
  const watchers: DirectoryWatcher[] = []
  let poll: Polling | undefined
  const close = (): void => {
    for (const watcher of watchers.splice(0)) watcher.close()
  }
  let isReleased = false
  const pollInstead = (): void => {
    close()
    if (isReleased) return
    poll ??= new Polling(context, path, (listChanged) => soon.tell(listChanged))
  }
  try {
    const messages = (): void => soon.tell(false)
    for (const directory of ['new', 'cur'])
      watchers.push(await context.files.watch(join(path, directory), messages, pollInstead))
    const noticed = (name: string | undefined): void => {
      if (name === undefined || name === indexFileName || name === settingsFileName)
        soon.tell(name === undefined)
      else if (name.startsWith('.') || ofAccount.has(name)) soon.tell(true)
    }
    watchers.push(await context.files.watch(path, noticed, pollInstead))
    if (poll !== undefined) close()
  } catch (error) {
    context.log.debug('unavailable', { mailbox: path, problem: 'changes are looked for by polling', error })
    pollInstead()
    // What changes from now on differs from what was seen.
    await poll?.begun
  }
  return {
    async release() {
      isReleased = true
      soon.stop()
      close()
      poll?.stop()
    },
  }
}

/** Puts calls together. */
class Soon {
  readonly #context: MaildirContext
  readonly #call: (listChanged: boolean) => void
  #timer: Timer | undefined
  #list = false
  #stopped = false

  constructor(context: MaildirContext, call: (listChanged: boolean) => void) {
    this.#context = context
    this.#call = call
  }

  tell(list: boolean): void {
    this.#list ||= list
    if (this.#stopped) return
    this.#timer ??= this.#context.clock.after(together, () => {
      this.#timer = undefined
      const listChanged = this.#list
      this.#list = false
      this.#call(listChanged)
    })
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }
}

/** What can be seen of a mailbox without reading its messages. */
interface Look {
  /** The times of its directories and its index. */
  readonly state: string
  /** The mailboxes below its directory. */
  readonly list: string
}

/** Looks at a mailbox again and again. */
class Polling {
  /** Resolves after the first look. */
  readonly begun: Promise<void>
  readonly #context: MaildirContext
  readonly #path: string
  readonly #stamps: DirectoryStamps
  #last: Look | undefined
  #timer: Timer | undefined
  #stopped = false

  constructor(context: MaildirContext, path: string, call: (listChanged: boolean) => void) {
    this.#context = context
    this.#path = path
    this.#stamps = new DirectoryStamps(context, path)
    this.begun = this.#look(call)
  }

  async #look(call: (listChanged: boolean) => void): Promise<void> {
    const now = await this.#see()
    if (this.#stopped) return
    const { state, list } = this.#last ?? now
    if (list !== now.list) call(true)
    else if (state !== now.state) call(false)
    this.#last = now
    this.#timer = this.#context.clock.after(pollEvery, () => void this.#look(call))
  }

  /** What cannot be seen is another state: it may come back. */
  async #see(): Promise<Look> {
    const { files } = this.#context
    const [stamp, index, names] = await Promise.allSettled([
      this.#stamps.look(),
      files.lstat(join(this.#path, indexFileName)),
      files.readdir(this.#path),
    ])
    const ofDirectories =
      stamp.status === 'fulfilled' ? `${stamp.value.new.text} ${stamp.value.cur.text}` : ''
    const ofIndex =
      index.status === 'fulfilled' ? `${index.value.ino}:${index.value.size}:${index.value.mtimeMs}` : ''
    const below = names.status === 'fulfilled' ? names.value.filter((name) => name.startsWith('.')) : []
    return { state: `${ofDirectories} ${ofIndex}`, list: below.sort().join('/') }
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }
}
