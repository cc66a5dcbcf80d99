import { randomUUID } from 'node:crypto'
import { link, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Clock, UnavailableError, wait } from 'mailwright'

// A change takes milliseconds. Whoever holds the lock for longer than this was killed.
const STALE_MILLISECONDS = 30_000
const PATIENCE_MILLISECONDS = 5000
const PAUSE_MILLISECONDS = 25

/** The right to change a file, against other processes of ours. */
export interface FileLock {
  /** Whether nobody took it over meanwhile, believing us dead. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/** Makes `<file>.lock`, which only one can. MAIL_E_UNAVAILABLE where another one keeps it, or where it cannot be made. */
export async function lockFile(file: string, clock: Clock): Promise<FileLock> {
  const path = `${file}.lock`
  const deadline = clock.monotonic() + PATIENCE_MILLISECONDS
  for (;;) {
    const lock = await tryToLock(path)
    if (lock !== undefined) return lock
    if (await isStale(path, clock)) await clearAway(file, path, clock)
    if (clock.monotonic() >= deadline)
      throw new UnavailableError(`somebody else has held ${path} for too long`)
    await wait(clock, PAUSE_MILLISECONDS)
  }
}

async function tryToLock(path: string): Promise<FileLock | undefined> {
  const owner = `${process.pid} ${randomUUID()}\n`
  const handle = await open(path, 'wx', 0o600).catch((cause) => {
    if (cause.code === 'EEXIST') return undefined
    throw new UnavailableError('the accounts file cannot be locked', { cause })
  })
  if (handle === undefined) return undefined
  try {
    await handle.writeFile(owner)
  } catch (cause) {
    await rm(path, { force: true })
    throw new UnavailableError('the accounts file cannot be locked', { cause })
  } finally {
    await handle.close()
  }
  const isHeld = async (): Promise<boolean> => (await readFile(path, 'utf8').catch(() => '')) === owner
  return {
    isHeld,
    async release() {
      if (await isHeld()) await rm(path, { force: true })
    },
  }
}

async function isStale(path: string, clock: Clock): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && clock.now() - found.mtimeMs >= STALE_MILLISECONDS
}

/** Removes the lock of a process that was killed, and what it was writing. */
async function clearAway(file: string, path: string, clock: Clock): Promise<void> {
  // Set aside first and looked at again: another process may have been quicker, and hold a new lock by now.
  const aside = `${path}.${randomUUID()}`
  if (
    !(await rename(path, aside).then(
      () => true,
      () => false,
    ))
  )
    return
  if (!(await isStale(aside, clock))) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
  const prefix = `${basename(file)}.`
  const names = await readdir(dirname(file)).catch(() => [])
  for (const name of names) {
    const path = join(dirname(file), name)
    if (name.startsWith(prefix) && name.endsWith('.new') && (await isStale(path, clock)))
      await rm(path, { force: true })
  }
}
