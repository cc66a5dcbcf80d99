import { lstat, lutimes, readlink, statfs, symlink, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  formatProcess,
  isFarAway,
  isOfEarlierBoot,
  MailwrightError,
  ownProcess,
  parseProcess,
  processState,
} from 'mailwright'

/** Held by one run of an import. */
export interface RunLock {
  release(): Promise<void>
}

/** Milliseconds after which a lock whose owner cannot be seen from here, as in another container, counts as left behind. */
const leaseTime = 120_000

/**
 * Lets only one process in: a symbolic link that leads nowhere and names it. MAIL_E_IN_USE while a living process has
 * it; what a dead one has left behind is taken away.
 */
export async function lockRun(path: string): Promise<RunLock> {
  if (!(await take(path))) {
    const holder = await readlink(path).catch(() => '')
    if (!(await isLeftBehind(path, holder)))
      throw new MailwrightError(
        'MAIL_E_IN_USE',
        `the same import is running already, as ${nameOf(holder)}; where no such process runs, ${path} may be removed`,
      )
    await unlink(path).catch(() => undefined)
    if (!(await take(path)))
      throw new MailwrightError('MAIL_E_IN_USE', 'the same import has just been started')
  }
  return held(path)
}

async function take(path: string): Promise<boolean> {
  try {
    await symlink(formatProcess(ownProcess), path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function held(path: string): RunLock {
  const timer = setInterval(() => {
    const now = new Date()
    // A renewal that fails only matters to those who cannot see this process, and only when many fail.
    lutimes(path, now, now).catch(() => undefined)
  }, leaseTime / 4)
  timer.unref()
  return {
    async release() {
      clearInterval(timer)
      await unlink(path).catch(() => undefined)
    },
  }
}

async function isLeftBehind(path: string, holder: string): Promise<boolean> {
  const owner = parseProcess(holder)
  if (owner === undefined && !/^[1-9]\d{0,9}$/.test(holder)) return true
  // One of the versions before has a process id alone, and is not renewed.
  const state = processState(owner ?? { ...ownProcess, pid: Number(holder), started: '' })
  if (state === 'dead' || (state === 'alive' && owner !== undefined)) return state === 'dead'
  const mtimeMs = await lstat(path).then(
    (status) => status.mtimeMs,
    () => 0,
  )
  if (owner !== undefined && Math.abs(Date.now() - mtimeMs) > leaseTime) return true
  return isOfEarlierBoot(owner, mtimeMs) && !isFarAway((await statfs(dirname(path))).type)
}

function nameOf(holder: string): string {
  return `process ${parseProcess(holder)?.pid ?? holder}`
}
