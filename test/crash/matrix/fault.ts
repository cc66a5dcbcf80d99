import { inject, type Tracer } from './tracer.ts'

/** Something that happens to a server while it is at work. */
export interface Fault {
  /** For the table: what happens, such as `killed`. */
  readonly what: string
  /** For the table: where, such as `fdatasync`. */
  readonly where: string
  /** For reports: exactly when. */
  readonly when: string
  /** Makes ready for it; it comes in its time. A site's folder has the config. */
  befall(pid: number, folder: string): Promise<Tracer>
}

/** Calls that change what is on the disk or what others are told, and at which a server is killed. */
export const killingCalls: readonly string[] = [
  'openat',
  'pwrite64',
  'write',
  'writev',
  'fdatasync',
  'fsync',
  'rename',
  'unlink',
  'ftruncate',
  'close',
]

/** Calls that fail, and how. `write` is left out: it would fail for sockets and for Node.js's own pipes, too. */
export const failures: readonly (readonly [calls: string, error: string])[] = [
  ['pwrite64,ftruncate,mkdir,rename', 'ENOSPC'],
  ['pwrite64,ftruncate', 'EIO'],
  ['fdatasync,fsync', 'EIO'],
  ['rename,unlink', 'EIO'],
  ['openat', 'EMFILE'],
]

/** SIGKILL when a thread makes its `when`-th such call, from 1. */
export function killAt(calls: string, when: number): Fault {
  return atCall('killed', { calls, injection: 'signal=KILL', when, lasting: false })
}

/** An error at a call, once or from then on. */
export function failAt(calls: string, error: string, when: number, lasting: boolean): Fault {
  return atCall(`${error} ${lasting ? 'from then on' : 'once'}`, {
    calls,
    injection: `error=${error}`,
    when,
    lasting,
  })
}

/** A disk that takes a second for every sync from then on, and a server that is killed meanwhile. */
export function hangAt(when: number): Fault {
  const calls = 'fdatasync,fsync'
  return atCall('each takes 1 s, then killed', {
    calls,
    injection: 'delay_enter=1000000',
    when,
    lasting: true,
  })
}

function atCall(what: string, injection: Parameters<typeof inject>[1]): Fault {
  const { calls, when } = injection
  return { what, where: calls, when: `call ${when}`, befall: (pid) => inject(pid, injection) }
}
