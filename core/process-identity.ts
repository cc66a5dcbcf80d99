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
  if (other.boot !== ownProcess.boot || other.namespace !== ownProcess.namespace) return 'unknown'
  // To kill(2) others are not processes but groups.
  if (other.pid < 1) return 'unknown'
  try {
    process.kill(other.pid, 0)
  } catch (error) {
    // EPERM: there is such a process, of another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead'
  }
  const started = startOf(String(other.pid))
  return started !== '' && other.started !== '' && started !== other.started ? 'dead' : 'alive'
}

/**
 * Whether what somebody wrote onto a disk that is this machine's alone ({@link isFarAway}) is of an earlier run of it, so that whoever
 * it was has ended. `seen` is when it was last renewed. `other` is who it was, where that is known.
 */
export function isOfEarlierBoot(other: ProcessIdentity | undefined, seen: number): boolean {
  if (other?.boot === ownProcess.boot) return false
  // systemd-nspawn and LXC give containers boot ids of their own: there a differing one says nothing yet.
  const seeTheMachines = [other, ownProcess].every((each) => each?.namespace === initialNamespace)
  return seeTheMachines || seen < bootTime()
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

/** Field 22 of `/proc/<pid>/stat`; the second field, in brackets, may hold anything. Empty where there is none. */
function startOf(name: string): string {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
