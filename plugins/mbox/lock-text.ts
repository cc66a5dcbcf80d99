import { randomBytes } from 'node:crypto'
import { threadId } from 'node:worker_threads'
import {
  formatProcess,
  isOfEarlierBoot,
  ownProcess,
  type ProcessIdentity,
  parseProcess,
  processState,
} from 'mailwright/disk'
import type { FileStatus } from './file-system.ts'

/** The file that is locked, as its device and inode. */
export type LockedInode = Pick<FileStatus, 'dev' | 'ino'>

/** Octets that the text of a lock has at most. */
export const longestLockText = 200

const form = /^\d{1,10}\nmailwright ([0-9a-f:]+) (\d{1,6}) (\d+:\d+) [0-9a-f]{16}\n$/
// Of the versions before.
const formerForm =
  /^(\d{1,10})\nmailwright ([0-9a-f]{12})[0-9a-f]{4} ([0-9a-f]{8})[0-9a-f]{8} (\d{1,6}) (\d+:\d+) [0-9a-f]{16}\n$/

/** The locks that this thread holds. One of its that is not here is nobody's: its release has failed. */
const held = new Set<string>()

/**
 * What a new lock says of its owner. The first line is the process's id, as liblockfile reads it. Until `endLock` it
 * counts as held.
 */
export function newLock(inode: LockedInode): string {
  const nonce = randomBytes(8).toString('hex')
  const owner = formatProcess(ownProcess)
  const text = `${process.pid}\nmailwright ${owner} ${threadId} ${inode.dev}:${inode.ino} ${nonce}\n`
  held.add(text)
  return text
}

export function endLock(text: string): void {
  held.delete(text)
}

interface LockText {
  readonly owner: ProcessIdentity
  readonly thread: number
  readonly inode: string
}

/**
 * Whether a lock is one that a process of ours has left when it died. Whoever asks holds the fcntl lock on the inode, which all
 * processes of one running kernel see, whatever container they are in: so nobody else can be at work on the same one. Otherwise it is
 * told by the process.
 */
export function isLeftLock(text: string, { dev, ino }: LockedInode): boolean {
  const lock = parseLock(text)
  if (lock === undefined || lock.owner.boot !== ownProcess.boot) return false
  if (lock.inode === `${dev}:${ino}`) return true
  const isOwn = lock.owner.namespace === ownProcess.namespace && lock.owner.pid === process.pid
  return isOwn ? lock.thread === threadId && !held.has(text) : processState(lock.owner) === 'dead'
}

/**
 * Whether a lock on a disk of this machine's own is of an earlier run of it: one of ours, or an empty one, as Postfix makes them and
 * a power cut leaves them. `renewed` is its time.
 */
export function isLockOfEarlierBoot(text: string, renewed: number): boolean {
  const lock = parseLock(text)
  return (lock !== undefined || text === '') && isOfEarlierBoot(lock?.owner, renewed)
}

function parseLock(text: string): LockText | undefined {
  const [, named = '', thread, inode = ''] = form.exec(text) ?? []
  const owner = parseProcess(named)
  if (owner !== undefined) return { owner, thread: Number(thread), inode }
  const former = formerForm.exec(text)
  if (former === null) return undefined
  const [, pid, boot = '', namespace = '', ofThread, ofInode = ''] = former
  return {
    owner: { boot, namespace, pid: Number(pid), started: '' },
    thread: Number(ofThread),
    inode: ofInode,
  }
}
