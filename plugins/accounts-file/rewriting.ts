import { randomBytes } from 'node:crypto'
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Clock, MailwrightError, UnavailableError } from 'mailwright'
import { Directory } from './directory.ts'
import type { Line } from './line.ts'
import { type FileLock, lockFile } from './lock-file.ts'
import { lookAt, stateOf } from './reading.ts'
import type { AccountsSource } from './source.ts'

/** Answers the lines after a change, made from those before it. May throw: nothing has happened then. */
export type Edit = (directory: Directory) => readonly Line[]

/**
 * Changes the file as a whole: a new file is written, flushed, and put in the old one's place, so that every reader
 * sees all of a change or nothing of it. MAIL_E_UNAVAILABLE where it cannot be written, has faults, or is changed by
 * somebody else at this moment.
 */
export async function rewrite(source: AccountsSource, path: string, clock: Clock, edit: Edit): Promise<void> {
  // A link stays a link: what it leads to is replaced.
  const file = await realpath(path).catch((cause) => {
    throw new UnavailableError('the accounts file cannot be found', { cause })
  })
  const lock = await lockFile(file, clock)
  try {
    const before = await source.settled()
    const lines = edit(before.directory)
    const text = lines.map((line) => line.text).join('\n')
    const directory = new Directory(text)
    const [fault] = directory.faults
    if (fault !== undefined) {
      throw new MailwrightError('MAIL_E_INVALID', `it cannot be written to the file: ${fault.problem}`)
    }
    source.adopt({ directory, state: await replace(file, text, before.state, lock) })
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

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
