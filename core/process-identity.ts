import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** What tells a process from all others, for locks and leases that outlive it. */
export interface ProcessIdentity {
  /** The run of the machine: 12 hexadecimal digits; empty where the system does not tell one run from the next. */
  readonly boot: string
  /** The namespace within which its id counts, such as a container's: 8 hexadecimal digits; empty where it is not known. */
  readonly namespace: string
  readonly pid: number
  /** When it began, in the kernel's own ticks; tells it from a later process with the same id. Empty where the system does not say. */
  readonly started: string
}

const form = /^([0-9a-f]{12}|):([0-9a-f]{8}):(\d{1,10}):(\d{0,12})$/

/** `boot:namespace:pid:started`: 41 octets at most where ids have 7 digits, as on Linux. */
export function formatProcess({ boot, namespace, pid, started }: ProcessIdentity): string {
  return `${boot}:${namespace}:${pid}:${started}`
}

export function parseProcess(text: string): ProcessIdentity | undefined {
  const match = form.exec(text)
  if (match === null) return undefined
  const [, boot = '', namespace = '', pid, started = ''] = match
  return { boot, namespace, pid: Number(pid), started }
}

/** Whether a process runs; `unknown` where that cannot be seen from here. */
export function processState(other: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  // To kill(2) others are not processes but groups.
  if (other.namespace !== ownProcess.namespace || other.pid < 1) return 'unknown'
  if (other.boot === ownProcess.boot) return stateHere(other)
  // systemd's ProcSubset=pid hides the boot id: then only what runs here with this id since that very tick is known.
  const mayBeHere = (other.boot === '' || ownProcess.boot === '') && other.started !== ''
  return mayBeHere && startOf(other.pid) === other.started && stateHere(other) === 'alive'
    ? 'alive'
    : 'unknown'
}

function stateHere({ pid, started }: ProcessIdentity): 'alive' | 'dead' {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: there is such a process, of another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead'
  }
  const [state = ''] = statusFields(pid)
  // A zombie, or one that is just going (proc_pid_stat(5)): it does nothing any more.
  if (state === 'Z' || state === 'X') return 'dead'
  const since = startOf(pid)
  return since !== '' && started !== '' && since !== started ? 'dead' : 'alive'
}

/**
 * Whether what somebody wrote onto a disk that is this machine's alone ({@link isFarAway}) is of an earlier run of it, so that whoever
 * it was has ended. `seen` is when it was last renewed. `other` is who it was, where that is known.
 */
export function isOfEarlierBoot(other: ProcessIdentity | undefined, seen: number): boolean {
  if (other !== undefined && processState(other) === 'alive') return false
  // One that could not be read says nothing.
  if (other !== undefined && other.boot !== '' && ownProcess.boot !== '') {
    if (other.boot === ownProcess.boot) return false
    // systemd-nspawn and LXC give containers boot ids of their own: there a differing one says nothing yet.
    if ([other, ownProcess].every(({ namespace }) => namespace === initialNamespace)) return true
  }
  return seen < bootTime()
}

const digits = { boot: 12, namespace: 8 }
// PROC_PID_INIT_INO of the kernel.
const initialNamespace = digestOf('pid:[4026531836]', digits.namespace)

/** This process. */
export const ownProcess: ProcessIdentity = {
  boot: digest(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'), digits.boot) ?? '',
  // Not Linux: the host's name is the best there is.
  namespace:
    digest(() => readlinkSync('/proc/self/ns/pid'), digits.namespace) ??
    digestOf(hostname(), digits.namespace),
  pid: process.pid,
  started: startOf('self'),
}

/** By the kernel's clock, which begins with it for containers, too. */
function bootTime(): number {
  return Date.now() - Number(process.hrtime.bigint() / 1_000_000n)
}

function digest(read: () => string, length: number): string | undefined {
  try {
    return digestOf(read(), length)
  } catch {
    return undefined
  }
}

function digestOf(name: string, length: number): string {
  return createHash('sha256').update(name).digest('hex').slice(0, length)
}

/** Field 22 of `/proc/<pid>/stat`. Empty where there is none. */
function startOf(pid: number | 'self'): string {
  return statusFields(pid)[19] ?? ''
}

/** The fields of `/proc/<pid>/stat` from the third on: the second, in brackets, may hold anything. None where there is no such file. */
function statusFields(pid: number | 'self'): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}
