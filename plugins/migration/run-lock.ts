import { readlink, symlink, unlink } from 'node:fs/promises'
import { MailwrightError } from 'mailwright'

/** Held by one run of an import. */
export interface RunLock {
  release(): Promise<void>
}

/**
 * Lets only one process in: a symbolic link that leads nowhere and names it. MAIL_E_IN_USE while a living process has
 * it; what a dead one has left behind is taken away.
 */
export async function lockRun(path: string): Promise<RunLock> {
  if (!(await take(path))) {
    const holder = await readlink(path).catch(() => '')
    if (isAlive(holder))
      throw new MailwrightError(
        'MAIL_E_IN_USE',
        `the same import is running already, as process ${holder} (${path})`,
      )
    await unlink(path).catch(() => undefined)
    if (!(await take(path)))
      throw new MailwrightError('MAIL_E_IN_USE', 'the same import has just been started')
  }
  return { release: () => unlink(path).catch(() => undefined) }
}

async function take(path: string): Promise<boolean> {
  try {
    await symlink(String(process.pid), path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isAlive(holder: string): boolean {
  const pid = Number(holder)
  if (!Number.isInteger(pid) || pid < 1) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: somebody else's, and alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
