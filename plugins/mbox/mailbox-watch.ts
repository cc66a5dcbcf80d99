import type { Lease, Timer } from 'mailwright'
import { isMissing } from 'mailwright/disk'
import type { MboxContext } from './context.ts'
import type { MailboxFiles } from './mailbox-files.ts'

/** Called with the name of a mailbox that may have changed; without one for the list of mailboxes. */
export type WatchListener = (mailbox: string | undefined) => void

// Milliseconds in which changes are gathered; with the time to look they are told within 100.
const gathering = 40

/**
 * Watches an account's mailboxes by their directories, whoever changes them. What happens within a moment is told
 * together. Directories that come and go are followed.
 */
export class MailboxWatch {
  readonly #context: MboxContext
  readonly #files: MailboxFiles
  readonly #names: ReadonlySet<string> | 'all'
  readonly #listener: WatchListener
  readonly #ends = new Map<string, () => void>()
  readonly #changed = new Set<string>()
  #list: readonly string[] = []
  #timer: Timer | undefined
  #released = false

  private constructor(
    context: MboxContext,
    files: MailboxFiles,
    names: ReadonlySet<string> | 'all',
    listener: WatchListener,
  ) {
    this.#context = context
    this.#files = files
    this.#names = names
    this.#listener = listener
  }

  /** Resolves when everything that happens from now on is told. */
  static async start(
    context: MboxContext,
    files: MailboxFiles,
    names: ReadonlySet<string> | 'all',
    listener: WatchListener,
  ): Promise<Lease> {
    const watch = new MailboxWatch(context, files, names, listener)
    try {
      await watch.#follow()
      watch.#list = await files.list()
    } catch (error) {
      watch.#release()
      throw error
    }
    return { release: async () => watch.#release() }
  }

  #release(): void {
    this.#released = true
    this.#timer?.cancel()
    for (const end of this.#ends.values()) end()
    this.#ends.clear()
  }

  #note(directory: string, entry: string): void {
    const mailbox = this.#files.mailboxAt(directory, entry)
    if (mailbox !== undefined) this.#changed.add(mailbox)
    this.#timer ??= this.#context.clock.after(gathering, () => void this.#tell())
  }

  async #tell(): Promise<void> {
    this.#timer = undefined
    const changed = [...this.#changed]
    this.#changed.clear()
    try {
      const before = this.#list
      await this.#follow()
      this.#list = await this.#files.list()
      const isOther = before.join('\0') !== this.#list.join('\0')
      const there = new Set(this.#list)
      for (const name of changed)
        if (there.has(name) && (this.#names === 'all' || this.#names.has(name))) this.#call(name)
      if (isOther && this.#names === 'all') this.#call(undefined)
    } catch (error) {
      this.#context.log.debug('unavailable', { problem: 'changes of mailboxes are not told', error })
    }
  }

  #call(mailbox: string | undefined): void {
    if (!this.#released) this.#listener(mailbox)
  }

  /** Watches the directories that there are now; what is in a new one counts as changed. */
  async #follow(): Promise<void> {
    const directories = new Set([...(await this.#files.directories()), this.#files.control])
    for (const [directory, end] of this.#ends) {
      if (directories.has(directory)) continue
      this.#ends.delete(directory)
      end()
    }
    for (const directory of directories) if (!this.#ends.has(directory)) await this.#add(directory)
  }

  async #add(directory: string): Promise<void> {
    try {
      const end = await this.#context.watches.add(directory, (at, entry) => this.#note(at, entry))
      if (this.#released) end()
      else this.#ends.set(directory, end)
    } catch (error) {
      // Gone since it was listed.
      if (!isMissing(error)) throw error
    }
  }
}
