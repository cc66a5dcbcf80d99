import { readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallRecord } from '../support/faults/call-record.ts'

// So long that no machine is too slow, and short enough for what is told to come before the test's own end.
const patience = 60_000

/** A part of a test that works below a folder, and what shows why it does not end. */
export interface Part {
  readonly name: string
  readonly folder: string
  readonly calls: CallRecord
  /** Milliseconds. */
  readonly patience?: number
}

/** What a part answers. Fails where it does not end, with the calls that are not answered and the locks that are there. */
export async function inTime<Value>(part: Part, run: () => Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => void stuck(part).then(reject, reject), part.patience ?? patience)
  try {
    return await Promise.race([run(), late])
  } finally {
    clearTimeout(timer)
  }
}

async function stuck({ name, folder, calls }: Part): Promise<Error> {
  const locks = await locksBelow(folder)
  const lines = [
    `${name} does not end`,
    'calls without an answer:',
    ...calls.below(folder),
    'locks:',
    ...locks,
  ]
  return new Error(lines.join('\n'))
}

/** Each with whom it names. */
async function locksBelow(folder: string): Promise<readonly string[]> {
  const paths = await readdir(folder, { recursive: true })
  const locks = paths.filter((path) => /\.lock[^/]*$/.test(path))
  return Promise.all(
    locks.map(async (path) => {
      const text = await readlink(join(folder, path)).catch((error: unknown) => String(error))
      return `${path} -> ${text}`
    }),
  )
}
