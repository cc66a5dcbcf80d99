// What runs in the threads of message-threads.ts.
import { closeSync, fstatSync, openSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { bufferContent } from 'mailwright/summaries'
import { toCrlf } from '../files/line-ends.ts'
import { readWhole } from '../files/read-whole.ts'
import type { BatchAnswer, BatchTask, MessageWork } from './file-batch-task.ts'
import { sideValueMaking } from './side-value-making.ts'

/** Where messages are read to, one after the other. */
let place: Buffer = Buffer.alloc(0)

/** The octets of a plain file that is not too large, with CRLF line ends; as long as nothing else is read. */
function octetsOf(path: string, { flags = 0, most = 0 }: BatchTask<MessageWork>): Buffer | undefined {
  const file = openSync(path, flags)
  try {
    const status = fstatSync(file)
    if (!status.isFile() || status.size > most) return undefined
    if (place.length < most) place = Buffer.allocUnsafeSlow(most)
    return toCrlf(place.subarray(0, readWhole(file, place.subarray(0, status.size))), false)
  } finally {
    closeSync(file)
  }
}

/** Undefined for whatever cannot be read: why, finds out who does without it. */
async function make(path: string, task: BatchTask<MessageWork>): Promise<Buffer | undefined> {
  try {
    const octets = octetsOf(path, task)
    return octets && (await sideValueMaking[task.kind](bufferContent(octets)))
  } catch {
    return undefined
  }
}

async function answer(task: BatchTask<MessageWork>): Promise<void> {
  const lengths = new Float64Array(task.count).fill(-1)
  const made: Buffer[] = []
  // No path has a NUL.
  const paths = task.paths.split('\0')
  for (const [at, path] of paths.length === task.count ? paths.entries() : []) {
    const value = await make(path, task)
    if (value === undefined) continue
    lengths[at] = value.length
    made.push(value)
  }
  const octets = Buffer.allocUnsafeSlow(made.reduce((sum, { length }) => sum + length, 0))
  let filled = 0
  for (const value of made) filled += value.copy(octets, filled)
  const found: BatchAnswer = { number: task.number, failures: [], facts: lengths, octets: octets.buffer }
  parentPort?.postMessage(found, [octets.buffer])
}

// One after the other: they share the place.
let last: Promise<void> = Promise.resolve()

parentPort?.on('message', (task: BatchTask<MessageWork>) => {
  last = last.then(() => answer(task))
})
