import { randomBytes } from 'node:crypto'
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Clock, MailwrightError, UnavailableError } from 'mailwright'
import { syncFolder } from 'mailwright/disk'
import { type FileContents, type FileFormat, problemOf } from './contents.ts'
import { type FileLock, lockFile } from './lock-file.ts'
import type { FilePasswords } from './passwords.ts'
import { lookAt, stateOf } from './reading.ts'
import type { AccountsSource } from './source.ts'
import { markOf } from './text-form.ts'

/** What changes of a file need. */
export interface RewritingSettings<Contents extends FileContents> {
  readonly source: AccountsSource<Contents>
  readonly format: FileFormat<Contents>
  /** Absolute. */
  readonly file: string
  readonly clock: Clock
  readonly passwords: FilePasswords
}

/** Answers the text after a change, without a byte order mark, made from what was there before. May throw: nothing has happened then. */
export type Edit<Contents> = (contents: Contents) => string

/** Changes of one file: one after the other within this process; a lock file keeps other processes off. */
export class Rewriting<Contents extends FileContents> {
  readonly #settings: RewritingSettings<Contents>
  #last: Promise<unknown> = Promise.resolve()

  constructor(settings: RewritingSettings<Contents>) {
    this.#settings = settings
  }

  change(edit: Edit<Contents>): Promise<void> {
    const change = this.#last.then(() => rewrite(this.#settings, edit))
    this.#last = change.catch(() => undefined)
    return change
  }
}

/**
 * Changes the file as a whole: a new file is written, flushed, and put in the old one's place, so that every reader
 * sees all of a change or nothing of it. MAIL_E_UNAVAILABLE where it cannot be written, has faults, or is changed by
 * somebody else at this moment.
 */
async function rewrite<Contents extends FileContents>(
  { source, format, file: path, clock }: RewritingSettings<Contents>,
  edit: Edit<Contents>,
): Promise<void> {
  // A link stays a link: what it leads to is replaced.
  const file = await realpath(path).catch((cause) => {
    throw new UnavailableError('the accounts file cannot be found', { cause })
  })
  const lock = await lockFile(file, clock)
  try {
    const before = await source.settled()
    const text = `${markOf(before.contents.text)}${edit(before.contents)}`
    const contents = format.read(text)
    const problem = problemOf(contents.faults)
    if (problem !== undefined)
      throw new MailwrightError('MAIL_E_INVALID', `it cannot be written to the file: ${problem}`)
    source.adopt({ contents, state: await replace(file, text, before.state, lock) })
  } finally {
    await lock.release()
  }
}

/** Answers the file's new state. */
async function replace(file: string, text: string, before: string, lock: FileLock): Promise<string> {
  const fresh = `${file}.${randomBytes(6).toString('hex')}.new`
  try {
    const handle = await open(fresh, 'wx', 0o600)
    try {
      await takeOver(handle, file)
      await handle.writeFile(text)
      await handle.sync()
      if ((await lookAt(file)) !== before || !(await lock.isHeld())) {
        throw new UnavailableError('somebody else has changed the accounts file meanwhile')
      }
      await rename(fresh, file)
      // Of our file, even if somebody has replaced it by now: theirs will then be seen as another state.
      const state = stateOf(await handle.stat({ bigint: true }))
      await syncFolder(dirname(file))
      return state
    } finally {
      await handle.close()
    }
  } catch (cause) {
    await rm(fresh, { force: true }).catch(() => undefined)
    if (cause instanceof MailwrightError) throw cause
    throw new UnavailableError('the accounts file cannot be written', { cause })
  }
}

/** The new file belongs to whom the old one belongs to, and may be read by whom it could. */
async function takeOver(handle: FileHandle, file: string): Promise<void> {
  const [old, mine] = await Promise.all([stat(file), handle.stat()])
  if (old.uid !== mine.uid || old.gid !== mine.gid) await handle.chown(old.uid, old.gid)
  await handle.chmod(old.mode & 0o777)
}
