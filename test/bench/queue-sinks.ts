import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../support/free-port.ts'
import { ended } from './smtp-servers.ts'

/** Postfix's smtp-sink on some ports: hosts that take every message and keep none. */
export interface Sinks extends AsyncDisposable {
  readonly ports: readonly number[]
  /** Messages that were taken by all of them, so far. */
  taken(): number
}

/** Starts one process for each port. It has to be done by root: smtp-sink wants another user's rights. */
export async function startSinks(count: number): Promise<Sinks> {
  const ports: number[] = []
  const counters: { messages: number; readonly child: ChildProcess }[] = []
  for (let index = 0; index < count; index++) {
    const port = await freePort()
    const child = spawn('smtp-sink', ['-c', '-u', 'nobody', `127.0.0.1:${port}`, '1000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const counter = { messages: 0, child }
    child.stdout.on('data', (chunk: Buffer) => {
      // It writes its counts again and again: `sess=9 quit=9 mesg=10`.
      const last = [...chunk.toString().matchAll(/mesg=(\d+)/g)].at(-1)?.[1]
      if (last !== undefined) counter.messages = Number(last)
    })
    ports.push(port)
    counters.push(counter)
  }
  await pause(300)
  return {
    ports,
    taken: () => counters.reduce((sum, { messages }) => sum + messages, 0),
    async [Symbol.asyncDispose]() {
      for (const { child } of counters) await ended(child)
    },
  }
}
