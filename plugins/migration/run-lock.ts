import { randomUUID } from 'node:crypto'
import { lstat, lutimes, readlink, rename, statfs, symlink, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { MailwrightError } from 'mailwright'
import {
  formatProcess,
  isFarAway,
  isOfEarlierBoot,
  ownProcess,
  parseProcess,
  processState,
} from 'mailwright/disk'

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
    const found = await find(path)
    if (found !== undefined && !(await isLeftBehind(path, found)))
      throw new MailwrightError(
        'MAIL_E_IN_USE',
        `the same import is running already, as ${nameOf(found)}; where no such process runs, ${path} may be removed`,
      )
    const isGone = found === undefined || (await removeLeft(path, found))
    if (!isGone || !(await take(path)))
      throw new MailwrightError('MAIL_E_IN_USE', 'the same import has just been started')
  }
  return held(path)
}

interface FoundLock {
  /** Its owner's text; empty where it is no link. */
  readonly holder: string
  readonly ino: number
  readonly mtimeMs: number
}

async function find(path: string): Promise<FoundLock | undefined> {
  try {
    const { ino, mtimeMs } = await lstat(path)
    return { holder: await readlink(path).catch(() => ''), ino, mtimeMs }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Removes a lock that was left behind. Answers false where somebody else has replaced it in between: theirs goes back. */
async function removeLeft(path: string, found: FoundLock): Promise<boolean> {
  const grave = `${path}.${randomUUID()}`
  try {
    await rename(path, grave)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
  const buried = await find(grave)
  const isMeant =
    buried?.holder === found.holder && buried.ino === found.ino && buried.mtimeMs === found.mtimeMs
  if (!isMeant && buried !== undefined) await symlink(buried.holder, path).catch(() => undefined)
  await unlink(grave).catch(() => undefined)
  return isMeant
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
  // Somebody may have taken it for one that was left behind; then it is theirs.
  const ifOurs = async (run: () => Promise<void>): Promise<void> => {
    if ((await readlink(path)) === formatProcess(ownProcess)) await run()
  }
  const timer = setInterval(() => {
    const now = new Date()
    // A renewal that fails only matters to those who cannot see this process, and only when many fail.
    ifOurs(() => lutimes(path, now, now)).catch(() => undefined)
  }, leaseTime / 4)
  timer.unref()
  return {
    async release() {
      clearInterval(timer)
      await ifOurs(() => unlink(path)).catch(() => undefined)
    },
  }
}

async function isLeftBehind(path: string, { holder, mtimeMs }: FoundLock): Promise<boolean> {
  const owner = parseProcess(holder)
  if (owner === undefined && !/^[1-9]\d{0,9}$/.test(holder)) return true
  // One of the versions before has a process id alone, and is not renewed.
  const state = processState(owner ?? { ...ownProcess, pid: Number(holder), started: '' })
  if (state === 'dead' || (state === 'alive' && owner !== undefined)) return state === 'dead'
  if (owner !== undefined && Math.abs(Date.now() - mtimeMs) > leaseTime) return true
  return isOfEarlierBoot(owner, mtimeMs) && !isFarAway((await statfs(dirname(path))).type)
}

function nameOf({ holder, mtimeMs }: FoundLock): string {
  const owner = parseProcess(holder)
  if (owner === undefined || processState(owner) !== 'unknown') return `process ${owner?.pid ?? holder}`
  const seen = new Date(mtimeMs).toISOString()
  return `process ${owner.pid} of another container or machine, which counts as ended two minutes after its last sign of life (${seen})`
}
