import { inbox, type Lease, Serial } from 'mailwright'
import { isMissing } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import type { MailboxDirectories } from './mailboxes.ts'
import { watchMailbox } from './watch.ts'

interface Watched {
  readonly lease: Lease
  /** Which directory it is. */
  readonly identity: string
}

/** Watches some mailboxes of an account, or all, also those that are made later. */
export class AccountWatch implements Lease {
  readonly #context: MaildirContext
  readonly #directories: MailboxDirectories
  readonly #wanted: ReadonlySet<string> | 'all'
  readonly #listener: (mailbox: string | undefined) => void
  readonly #watched = new Map<string, Watched>()
  readonly #serial = new Serial()
  #released = false

  constructor(
    context: MaildirContext,
    directories: MailboxDirectories,
    wanted: ReadonlySet<string> | 'all',
    listener: (mailbox: string | undefined) => void,
  ) {
    this.#context = context
    this.#directories = directories
    this.#wanted = wanted
    this.#listener = listener
  }

  /** Resolves when everything that is there is watched; what fails leaves nothing watched. */
  async start(): Promise<void> {
    try {
      await this.#serial.run(() => this.#follow(() => undefined))
    } catch (error) {
      await this.release()
      throw error
    }
  }

  async release(): Promise<void> {
    this.#released = true
    for (const { lease } of this.#watched.values()) await lease.release()
    this.#watched.clear()
  }

  /** Watches what is there now, and no longer what is not; tells which mailboxes were not watched before. */
  async #follow(tell: (name: string) => void): Promise<void> {
    const names = new Set(this.#wanted === 'all' ? await this.#directories.list() : this.#wanted)
    for (const [name, { lease, identity }] of this.#watched) {
      if (name === inbox || (names.has(name) && (await this.#identity(name)) === identity)) continue
      this.#watched.delete(name)
      await lease.release()
    }
    // The INBOX lies where the others' directories come and go.
    for (const name of names.add(inbox)) if (await this.#watch(name)) tell(name)
  }

  async #watch(name: string): Promise<boolean> {
    const path = this.#watched.has(name) ? undefined : await this.#directories.find(name)
    if (path === undefined || this.#released) return false
    const identity = await this.#identity(name)
    const isWanted = this.#wanted === 'all' || this.#wanted.has(name)
    const lease = await watchMailbox(this.#context, {
      path,
      changed: (listChanged) => {
        if (isWanted) this.#tell(name)
        if (listChanged && name === inbox) this.#listChanged()
      },
    })
    if (this.#released) await lease.release()
    else this.#watched.set(name, { lease, identity })
    return isWanted
  }

  /** Another directory may get a mailbox's name, and even its inode. */
  async #identity(name: string): Promise<string> {
    const path = await this.#directories.find(name)
    try {
      if (path === undefined) return ''
      const { ino, birthtimeMs } = await this.#context.files.lstat(path)
      return `${ino}:${birthtimeMs}`
    } catch (error) {
      if (isMissing(error)) return ''
      throw error
    }
  }

  /** What came into a new mailbox before it was watched is told of, too. */
  #listChanged(): void {
    this.#tell(undefined)
    this.#serial
      .run(() => this.#follow((name) => this.#tell(name)))
      .catch((error: unknown) =>
        this.#context.log.warn('unavailable', { problem: 'mailboxes cannot be watched', error }),
      )
  }

  #tell(name: string | undefined): void {
    if (this.#released) return
    try {
      this.#listener(name)
    } catch (error) {
      this.#context.log.error('unavailable', { problem: 'whoever watches a mailbox failed', error })
    }
  }
}
