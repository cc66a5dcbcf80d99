import type { Lease } from 'mailwright'
import type { MaildirContext } from './context.ts'
import { isMissing } from './disk-errors.ts'
import { inbox } from './mailbox-name.ts'
import type { MailboxDirectories } from './mailboxes.ts'
import { watchMailbox } from './watch.ts'

interface Watched {
  readonly lease: Lease
  readonly inode: number
}

/** Watches some mailboxes of an account, or all, also those that are made later. */
export class AccountWatch implements Lease {
  readonly #context: MaildirContext
  readonly #directories: MailboxDirectories
  readonly #wanted: ReadonlySet<string> | 'all'
  readonly #listener: (mailbox: string | undefined) => void
  readonly #watched = new Map<string, Watched>()
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

  /** Resolves when everything that is there is watched. */
  async start(): Promise<void> {
    const names = new Set(this.#wanted === 'all' ? await this.#directories.list() : this.#wanted)
    for (const [name, { lease, inode }] of this.#watched) {
      if (name === inbox || (names.has(name) && (await this.#inode(name)) === inode)) continue
      this.#watched.delete(name)
      await lease.release()
    }
    // The INBOX lies where the others' directories come and go.
    for (const name of names.add(inbox)) await this.#watch(name)
  }

  async release(): Promise<void> {
    this.#released = true
    for (const { lease } of this.#watched.values()) await lease.release()
    this.#watched.clear()
  }

  async #watch(name: string): Promise<void> {
    const path = this.#watched.has(name) ? undefined : await this.#directories.find(name)
    if (path === undefined || this.#released) return
    const inode = await this.#inode(name)
    const isWanted = this.#wanted === 'all' || this.#wanted.has(name)
    const lease = await watchMailbox(this.#context, {
      path,
      changed: (listChanged) => {
        if (this.#released) return
        if (isWanted) this.#tell(name)
        if (listChanged && name === inbox) this.#listChanged()
      },
    })
    if (this.#released) return lease.release()
    this.#watched.set(name, { lease, inode })
  }

  /** Of the mailbox's directory: another one may get its name. */
  async #inode(name: string): Promise<number> {
    const path = await this.#directories.find(name)
    try {
      return path === undefined ? 0 : (await this.#context.files.lstat(path)).ino
    } catch (error) {
      if (isMissing(error)) return 0
      throw error
    }
  }

  #listChanged(): void {
    this.#tell(undefined)
    this.start().catch((error: unknown) =>
      this.#context.log.warn('unavailable', { problem: 'mailboxes cannot be watched', error }),
    )
  }

  #tell(name: string | undefined): void {
    try {
      this.#listener(name)
    } catch (error) {
      this.#context.log.error('unavailable', { problem: 'whoever watches a mailbox failed', error })
    }
  }
}
