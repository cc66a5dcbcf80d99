import { join } from 'node:path'
import { isMissing } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'

/** Milliseconds after which the Maildir convention gives up a file in `tmp`: 36 hours. */
export const staleAfter: number = 36 * 3_600_000

// A flood of them is removed over several openings.
const mostAtOnce = 1000
/** Milliseconds between two looks. */
const lookEvery = 60_000

/** Keeps a mailbox's `tmp` free of what is stale. */
export class StaleFiles {
  readonly #context: MaildirContext
  readonly #path: string
  #next = Number.NEGATIVE_INFINITY

  /** `path` is the mailbox's. */
  constructor(context: MaildirContext, path: string) {
    this.#context = context
    this.#path = path
  }

  /** Removes them, unless it has just looked for them. */
  async remove(): Promise<void> {
    const now = this.#context.clock.monotonic()
    if (now < this.#next) return
    this.#next = now + lookEvery
    await removeStaleFiles(this.#context, this.#path)
  }
}

/**
 * Removes what writers that died long ago left in `tmp`. The time of the last change of the inode counts: a file that
 * was linked here a moment ago may have an old modification time. Trouble is logged; nothing depends on this.
 */
export async function removeStaleFiles({ files, clock, log }: MaildirContext, path: string): Promise<void> {
  const directory = join(path, 'tmp')
  try {
    for (const name of (await files.readdir(directory)).slice(0, mostAtOnce)) {
      const file = join(directory, name)
      const status = await files.lstat(file)
      if (status.ctimeMs + staleAfter > clock.now()) continue
      // A directory here is a mailbox whose deletion was not finished.
      if (status.isDirectory()) await files.rm(file, { recursive: true, force: true })
      else await files.unlink(file)
    }
  } catch (error) {
    if (!isMissing(error))
      log.debug('unavailable', { mailbox: path, problem: 'old files stay in tmp', error })
  }
}
