import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

/** The descriptor that such a program says its numbers by: a config that it loads may print. */
export const words = 3

/** What a process had said before it was killed. */
export interface LastWords {
  /** The last number that it said; 0 where it said none. */
  readonly number: number
  /** The end of what it wrote to standard error. */
  readonly complaint: string
}

/** Runs a program of Node.js that says ever higher numbers, and kills it so many milliseconds after the first. */
export async function killedWriter(argv: readonly string[], life: number): Promise<LastWords> {
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  const said = child.stdio[words] as Readable
  let [text, complaint] = ['', '']
  said.setEncoding('latin1').on('data', (chunk: string) => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), life)
    text = (text + chunk).slice(-64)
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    complaint = (complaint + chunk).slice(-500)
  })
  await once(child, 'close')
  // The last line may be half a line.
  return { number: Number(/(\d+)\n[^\n]*$/.exec(text)?.[1] ?? 0), complaint: complaint.trim() }
}
