// What runs in the thread of file-batch-thread.ts.
import { linkSync, renameSync, unlinkSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'

/** Calls of one kind, each with its paths. */
export interface BatchTask {
  readonly number: number
  readonly kind: 'link' | 'rename' | 'unlink'
  readonly calls: readonly (readonly string[])[]
}

/** Which calls failed, and with which of the system's codes. */
export interface BatchAnswer {
  readonly number: number
  readonly failures: readonly (readonly [at: number, code: string])[]
}

function call(kind: BatchTask['kind'], from: string, to: string): void {
  if (kind === 'link') linkSync(from, to)
  else if (kind === 'rename') renameSync(from, to)
  else unlinkSync(from)
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'EIO'
}

parentPort?.on('message', ({ number, kind, calls }: BatchTask) => {
  const failures: (readonly [number, string])[] = []
  for (const [at, [from = '', to = '']] of calls.entries()) {
    try {
      call(kind, from, to)
    } catch (error) {
      failures.push([at, codeOf(error)])
    }
  }
  parentPort?.postMessage({ number, failures } satisfies BatchAnswer)
})
