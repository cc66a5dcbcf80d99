import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const memory = '/dev/shm'
const prefix = 'mw-'
/** Octets that must be free: a run needs about a tenth. */
const room = 4 * 2 ** 30

/**
 * Has the temporary files of this process and of those that it starts in memory, where the system offers that: tests wait
 * for the disk half of their time otherwise, and what they show is the same, as no test takes the power away. `TMPDIR`
 * has the last word: `TMPDIR=/var/tmp npm test` runs on a disk.
 */
export function useFastFiles(): void {
  if (process.env.TMPDIR !== undefined || !isUsable()) return
  for (const name of readdirSync(memory)) if (isLeft(name)) remove(join(memory, name))
  // Short, because the paths of sockets have 107 octets at most.
  const directory = join(memory, `${prefix}${process.pid}`)
  // Peers that run as other users go through it; what is in it are directories of one user each.
  mkdirSync(directory, { mode: 0o755 })
  process.env.MAILWRIGHT_DISK = tmpdir()
  process.env.TMPDIR = directory
  process.on('exit', () => remove(directory))
}

/** The folder of temporary files that are to stay, or to lie on a disk. */
export function diskFolder(): string {
  return process.env.MAILWRIGHT_DISK ?? tmpdir()
}

function isUsable(): boolean {
  try {
    const mounts = readFileSync('/proc/mounts', 'latin1').split('\n')
    const [, , kind, options] = mounts.find((line) => line.split(' ')[1] === memory)?.split(' ') ?? []
    const { bavail, bsize } = statfsSync(memory)
    // Tests start programs that they have written there.
    return kind === 'tmpfs' && !/\bnoexec\b/.test(options ?? '') && bavail * bsize >= room
  } catch {
    return false
  }
}

/** Whether this is of a run that was killed. */
function isLeft(name: string): boolean {
  const pid = /^mw-(\d+)$/.exec(name)?.[1]
  if (pid === undefined) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function remove(directory: string): void {
  // A peer may just be ending there; the next run removes what is left.
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
}
