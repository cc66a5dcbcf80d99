import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { type Clock, UnavailableError } from 'mailwright'
import type { Ended } from './exit-status.ts'

export interface ProgramCall {
  /** The program, by its absolute path, and its words. */
  readonly words: readonly [string, ...string[]]
  readonly input: AsyncIterable<Buffer>
  readonly env: Readonly<Record<string, string>>
  readonly folder: string
  /** Whose rights it has, where not ours. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined
  /** Milliseconds. */
  readonly timeout: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** The program cannot be started. */
export class NotStarted extends UnavailableError {}

/** Octets of output that are kept. */
const mostOutput = 4_096
/** Milliseconds that what a program has left behind may hold its output open. */
const lingerTime = 1_000

/**
 * Runs a program, never a shell, in a process group of its own, with nothing of our environment. After its time, or when
 * `signal` aborts, the group is killed. Rejects with {@link NotStarted} where it cannot be started; MAIL_E_UNAVAILABLE where its
 * input cannot be read: it is killed then, and its exit status means nothing.
 */
export async function runProgram(call: ProgramCall): Promise<Ended> {
  const [program, ...words] = call.words
  call.signal.throwIfAborted()
  const child = spawn(program, words, {
    cwd: call.folder,
    env: { ...call.env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...call.ids,
  })
  const chunks: Buffer[] = []
  let kept = 0
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Buffer) => {
      if (kept < mostOutput) chunks.push(chunk.subarray(0, mostOutput - kept))
      kept += chunk.length
    })
  }
  let timedOut = false
  const kill = () => {
    timedOut = true
    killGroup(child.pid)
  }
  const timer = call.clock.after(call.timeout, kill)
  call.signal.addEventListener('abort', kill, { once: true })
  let unread: UnavailableError | undefined
  const fed = feed(call.input, child.stdin).catch((cause: unknown) => {
    unread = new UnavailableError('the message cannot be read', { cause })
    // The end of its input would tell it that it has all of the message.
    killGroup(child.pid)
  })
  try {
    const { code, signal } = await ended(child, call.clock)
    await fed
    if (unread !== undefined) throw unread
    return { code, signal, timedOut, output: Buffer.concat(chunks).toString('utf8') }
  } finally {
    timer.cancel()
    call.signal.removeEventListener('abort', kill)
  }
}

/** Rejects where the input does. A program may end without reading all of it; its exit status says what that means. */
async function feed(input: AsyncIterable<Buffer>, stdin: Writable): Promise<void> {
  stdin.on('error', () => undefined)
  for await (const chunk of input) if (!(await isWritten(chunk, stdin))) return
  stdin.end()
}

function isWritten(chunk: Buffer, stdin: Writable): Promise<boolean> {
  return new Promise((resolve) => stdin.write(chunk, (error) => resolve(error == null)))
}

function ended(
  child: ReturnType<typeof spawn>,
  clock: Clock,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new NotStarted('the program cannot be started', { cause })))
    child.once('exit', () => {
      const timer = clock.after(lingerTime, () => {
        child.stdout?.destroy()
        child.stderr?.destroy()
      })
      child.once('close', () => timer.cancel())
    })
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}
