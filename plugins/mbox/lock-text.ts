import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'
import type { FileStatus } from './file-system.ts'

/** The file that is locked, as its device and inode. */
export type LockedInode = Pick<FileStatus, 'dev' | 'ino'>

/** Octets that the text of a lock has at most. */
export const longestLockText = 200

const form = /^(\d{1,10})\nmailwright ([0-9a-f]{16}) ([0-9a-f]{16}) (\d{1,6}) (\d+:\d+) [0-9a-f]{16}\n$/

// Within one running kernel fcntl locks are seen by all processes, whatever container they are in; process ids only
// within one namespace.
const kernel = digest(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'))
const namespace = digest(() => readlinkSync('/proc/self/ns/pid'))

/** The locks that this thread holds. One of its that is not here is nobody's: its release has failed. */
const held = new Set<string>()

/**
 * What a new lock says of its owner. The first line is the process's id, as liblockfile reads it. Until `endLock` it
 * counts as held.
 */
export function newLock(inode: LockedInode): string {
  const nonce = randomBytes(8).toString('hex')
  const text = `${process.pid}\nmailwright ${kernel} ${namespace} ${threadId} ${inode.dev}:${inode.ino} ${nonce}\n`
  held.add(text)
  return text
}

export function endLock(text: string): void {
  held.delete(text)
}

/**
 * Whether a lock is one that a process of ours has left when it died. Whoever asks holds the fcntl lock on the inode: so
 * nobody else can be at work on the same one. Otherwise it is told by the process.
 */
export function isLeftLock(text: string, { dev, ino }: LockedInode): boolean {
  const match = form.exec(text)
  if (match?.[2] !== kernel) return false
  const [, pid, , ofNamespace, thread, inode] = match
  if (inode === `${dev}:${ino}`) return true
  if (ofNamespace !== namespace) return false
  if (Number(pid) === process.pid) return Number(thread) === threadId && !held.has(text)
  return !isRunning(Number(pid))
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: there is such a process, of another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function digest(read: () => string): string {
  let name: string
  try {
    name = read()
  } catch {
    // Not Linux: the host's name is the best there is.
    name = hostname()
  }
  return createHash('sha256').update(name).digest('hex').slice(0, 16)
}
