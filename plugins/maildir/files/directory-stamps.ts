import { join } from 'node:path'
import type { MaildirContext } from '../context.ts'

/** The directories of a mailbox in which messages are. */
export type MessageDirectory = 'new' | 'cur'

/** When a directory last changed. */
export interface DirectoryStamp {
  readonly text: string
  /** How long before the look that was, in milliseconds: what is read takes its time after that. */
  readonly age: number
}

export type MailboxStamp = Readonly<Record<MessageDirectory, DirectoryStamp>>

interface Seen {
  readonly text: string
  /** From then on, in the clock's monotonic time, the directory is read again whatever its time says. */
  readonly readAgainAt: number
}

// Kernels take a file's time from a clock that ticks every 10 ms or faster: two changes within a tick look like one.
const clockTick = 30
// After a change of our own somebody else's at the very same moment is looked for, a little later.
const ownChangeCheck = 1000

/**
 * Tells whether a mailbox's directories may have changed since they were last read, without reading them: reading
 * 100,000 names takes a hundred times as long.
 */
export class DirectoryStamps {
  readonly #context: MaildirContext
  readonly #path: string
  readonly #seen = new Map<MessageDirectory, Seen>()

  constructor(context: MaildirContext, path: string) {
    this.#context = context
    this.#path = path
  }

  async look(): Promise<MailboxStamp> {
    const [fresh, cur] = await Promise.all([this.lookAt('new'), this.lookAt('cur')])
    return { new: fresh, cur }
  }

  /** Whether nothing can have changed since the directory was read. */
  isCurrent(directory: MessageDirectory, stamp: MailboxStamp): boolean {
    const seen = this.#seen.get(directory)
    return seen?.text === stamp[directory].text && this.#context.clock.monotonic() < seen.readAgainAt
  }

  /** The directory was read; `stamp` is from before that. */
  wasRead(directory: MessageDirectory, stamp: MailboxStamp): void {
    const { text, age } = stamp[directory]
    this.#seen.set(directory, { text, readAgainAt: age > clockTick ? Number.POSITIVE_INFINITY : 0 })
  }

  /**
   * Where nothing else could be seen to have changed `cur` before, only we have changed it since; whoever of our kind
   * does it holds the mailbox's lock, and tells of it in the index.
   */
  weChangedCur(before: DirectoryStamp, after: DirectoryStamp): void {
    const seen = this.#seen.get('cur')
    if (seen?.text !== before.text) return
    const readAgainAt = Math.min(
      seen.readAgainAt || Number.POSITIVE_INFINITY,
      this.#context.clock.monotonic() + ownChangeCheck,
    )
    this.#seen.set('cur', { text: after.text, readAgainAt })
  }

  /** The next look reads them. */
  forget(): void {
    this.#seen.clear()
  }

  /** The same of one directory. */
  async lookAt(directory: MessageDirectory): Promise<DirectoryStamp> {
    const { looks, clock } = this.#context
    const now = clock.now()
    const { ino, mtimeMs } = await looks.ask(join(this.#path, directory))
    return { text: `${ino}:${mtimeMs}`, age: now - mtimeMs }
  }
}
