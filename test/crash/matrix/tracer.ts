import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Something that is at work on a process. */
export interface Tracer {
  /** Lets the process go on alone; nothing where it has ended. */
  detach(): Promise<void>
}

/** What strace(1) does at some calls to the system. */
export interface Injection {
  /** Calls that are counted, such as `fdatasync`; several with commas. */
  readonly calls: string
  /** Such as `signal=KILL`, `error=EIO`, `delay_enter=1000000` (microseconds). */
  readonly injection: string
  /** At which of these calls of a thread, from 1. */
  readonly when: number
  /** And at all later ones. */
  readonly lasting: boolean
}

/** Attaches to a running process with all its threads; counting begins now. */
export function inject(pid: number, { calls, injection, when, lasting }: Injection): Promise<Tracer> {
  const rule = `${calls}:${injection}:when=${when}${lasting ? '+' : ''}`
  return attach(pid, ['-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${rule}`])
}

/** Attaches strace with some arguments. */
export async function attach(pid: number, words: readonly string[]): Promise<Tracer> {
  const child = spawn('strace', ['-f', '-p', String(pid), ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  await attached(child)
  return {
    async detach() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
    },
  }
}

async function attached(child: ChildProcess): Promise<void> {
  if (child.stderr === null) return
  let said = ''
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`
    if (/ attached/.test(line)) {
      // What else it says must not fill the pipe.
      child.stderr.resume()
      return
    }
  }
  throw new Error(`strace does not attach: ${said}`)
}
