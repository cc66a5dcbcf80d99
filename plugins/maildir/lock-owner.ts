import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'

/**
 * Who holds a lock, in one line: `machine:pid:started:thread:nonce`. It stays below 60 octets, which file systems keep within
 * the inode: a lock can then be taken on a full disk.
 */
export interface LockOwner {
  /** The running kernel and the process namespace: only within one of them does a pid say anything. */
  readonly machine: string
  readonly pid: number
  /** When the process began, in the kernel's own ticks; tells it from a later process with the same pid. */
  readonly started: string
  /** Which of the process's threads. */
  readonly thread: number
  /** Different for each lock taken. */
  readonly nonce: string
}

const form = /^([0-9a-f]{12}):(\d{1,10}):(\d{0,12}):(\d{1,6}):([0-9a-f]{16})$/

/**
 * The locks that this thread holds, as texts. One of ours that is not here is nobody's: its making or its release failed
 * half-way. Under a symbol, so that copies of this module know of each other.
 */
const key: unique symbol = Symbol.for('mailwright/maildir/held-locks')
const shared = globalThis as typeof globalThis & { [key]?: Set<string> }
shared[key] ??= new Set()
export const heldLocks: Set<string> = shared[key]

/** This process as the owner of one more lock. */
export function newOwner(): LockOwner {
  return {
    machine,
    pid: process.pid,
    started: ownStart,
    thread: threadId,
    nonce: randomBytes(8).toString('hex'),
  }
}

export function formatOwner(owner: LockOwner): string {
  return `${owner.machine}:${owner.pid}:${owner.started}:${owner.thread}:${owner.nonce}`
}

/** Undefined for a lock that none of us wrote. */
export function parseOwner(text: string): LockOwner | undefined {
  const match = form.exec(text)
  if (match === null) return undefined
  const [, ofMachine = '', pid, started = '', thread, nonce = ''] = match
  return { machine: ofMachine, pid: Number(pid), started, thread: Number(thread), nonce }
}

/** Whether the owner's process runs; `unknown` where that cannot be seen from here. */
export function ownerState(owner: LockOwner): 'alive' | 'dead' | 'unknown' {
  if (owner.machine !== machine) return 'unknown'
  if (owner.pid === process.pid && owner.started === ownStart && owner.thread === threadId)
    return heldLocks.has(formatOwner(owner)) ? 'alive' : 'dead'
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    // EPERM: there is such a process, of another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead'
  }
  const started = startOf(String(owner.pid))
  return started !== '' && owner.started !== '' && started !== owner.started ? 'dead' : 'alive'
}

const machine = findMachine()
const ownStart = startOf('self')

function findMachine(): string {
  let name: string
  try {
    name = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1') + readlinkSync('/proc/self/ns/pid')
  } catch {
    // Not Linux: the host's name is the best there is.
    name = hostname()
  }
  return createHash('sha256').update(name).digest('hex').slice(0, 12)
}

/** Field 22 of `/proc/<pid>/stat`; the second field, in brackets, may hold anything. Empty where there is none. */
function startOf(process: string): string {
  try {
    const text = readFileSync(`/proc/${process}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
