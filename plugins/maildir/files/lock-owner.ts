import { randomBytes } from 'node:crypto'
import { threadId } from 'node:worker_threads'
import { formatProcess, ownProcess, type ProcessIdentity, parseProcess, processState } from 'mailwright/disk'

/**
 * Who holds a lock, in one line: `boot:namespace:pid:started:thread:nonce`. It stays below 60 octets, which file systems keep
 * within the inode: a lock can then be taken on a full disk.
 */
export interface LockOwner extends ProcessIdentity {
  /** Which of the process's threads. */
  readonly thread: number
  /** Different for each lock taken. */
  readonly nonce: string
}

const form = /^([0-9a-f:]+):(\d{1,6}):([0-9a-f]{12})$/
// Of the versions before, which had boot and namespace in one: it is somebody, more cannot be told.
const formerForm = /^[0-9a-f]{12}:(\d{1,10}):(\d{0,12}):(\d{1,6}):([0-9a-f]{16})$/

/**
 * The locks that this thread holds, as texts. One of ours that is not here is nobody's: its making or its release failed
 * half-way. Under a symbol, so that copies of this module know of each other.
 */
export const heldLocks: Set<string> = ofThread(Symbol.for('mailwright/maildir/held-locks'))

/** Those that nobody holds any more and that are being removed or taken over now: only one can do that at a time. */
export const claimedLocks: Set<string> = ofThread(Symbol.for('mailwright/maildir/claimed-locks'))

function ofThread(key: symbol): Set<string> {
  const shared = globalThis as typeof globalThis & Record<symbol, Set<string> | undefined>
  shared[key] ??= new Set()
  return shared[key]
}

/** This process as the owner of one more lock. */
export function newOwner(): LockOwner {
  return { ...ownProcess, thread: threadId, nonce: randomBytes(6).toString('hex') }
}

export function formatOwner(owner: LockOwner): string {
  return `${formatProcess(owner)}:${owner.thread}:${owner.nonce}`
}

/** Undefined for a lock that none of us wrote. */
export function parseOwner(text: string): LockOwner | undefined {
  const [, named = '', thread, nonce = ''] = form.exec(text) ?? []
  const owner = parseProcess(named)
  if (owner !== undefined) return { ...owner, thread: Number(thread), nonce }
  const former = formerForm.exec(text)
  if (former === null) return undefined
  const [, pid, started = '', ofThread, ofNonce = ''] = former
  return { boot: '', namespace: '', pid: Number(pid), started, thread: Number(ofThread), nonce: ofNonce }
}

/** Whether the owner's process runs; `unknown` where that cannot be seen from here. */
export function ownerState(owner: LockOwner): 'alive' | 'dead' | 'unknown' {
  if (formatProcess(owner) === formatProcess(ownProcess) && owner.thread === threadId)
    return heldLocks.has(formatOwner(owner)) ? 'alive' : 'dead'
  return processState(owner)
}
