import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FileBatchThread, filesProgram } from './file-batch-thread.ts'
import { FileBatchThreads } from './file-batch-threads.ts'

// A thread in which a call takes as many milliseconds as its path says.
const program = `import { parentPort } from 'node:worker_threads'
const cell = new Int32Array(new SharedArrayBuffer(4))
parentPort.on('message', ({ number, paths }) => {
  Atomics.wait(cell, 0, 0, Number(paths.split('\\0')[0]))
  parentPort.postMessage({ number, failures: [] })
})`

let folder: string
let threads: FileBatchThreads

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-threads-'))
  const path = join(folder, 'entry.mjs')
  await writeFile(path, program)
  threads = new FileBatchThreads(() => new FileBatchThread({ ...filesProgram, entry: pathToFileURL(path) }))
  await threads.run({ kind: 'unlink', paths: ['0'] })
})
afterEach(async () => {
  threads.end()
  await rm(folder, { recursive: true, force: true })
})

const run = (time: number) => threads.run({ kind: 'unlink', paths: [String(time)] })

it('has one thread for what is done at once', async () => {
  for (let round = 0; round < 5; round++) await Promise.all([run(0), run(0), run(0)])
  expect(threads.count).toBe(1)
})

it('has another one where there is much to measure, and a processor for it', async () => {
  const measure = (files: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: files / 100 }, () =>
        threads.run({ kind: 'measure', paths: Array.from({ length: 100 }, () => '0') }),
      ),
    )
  await measure(2400)
  await measure(2400)
  expect(threads.count).toBe(1)
  await measure(4800)
  expect(threads.count).toBe(Math.min(2, availableParallelism()))
})

it('lets nobody wait for a disk that keeps others waiting, with four threads at most', async () => {
  const slow = [run(1000)]
  for (let count = 2; count <= 6; count++) {
    await pause(20)
    slow.push(run(1000))
    expect(threads.count).toBe(Math.min(count, 4))
  }
  await Promise.all(slow)
  await run(0)
  expect(threads.count).toBe(4)
})

it('makes the calls of a large batch in parts, one after the other, so that others get their turn', async () => {
  const parts = await threads.run({ kind: 'rename', paths: Array.from({ length: 2400 }, () => '0') })
  expect(parts.map(({ from, count }) => [from, count])).toEqual([
    [0, 500],
    [500, 500],
    [1000, 200],
  ])
})

it('starts one for those who come later, and no further ones while it starts', async () => {
  const path = join(folder, 'entry.mjs')
  const later = new FileBatchThreads(
    () => new FileBatchThread({ ...filesProgram, entry: pathToFileURL(path) }),
  )
  expect(later.isReady).toBe(false)
  later.start()
  later.start()
  await pause(20)
  const answers = [0, 1, 2].map(() => later.run({ kind: 'unlink', paths: ['0'] }))
  await pause(20)
  answers.push(later.run({ kind: 'unlink', paths: ['0'] }))
  await Promise.all(answers)
  expect([later.count, later.isReady]).toEqual([1, true])
  later.end()
  expect(later.isReady).toBe(false)
})

it('does with those that run where no further one can be started', async () => {
  const path = pathToFileURL(join(folder, 'entry.mjs'))
  let made = 0
  const few = new FileBatchThreads(() => {
    made += 1
    return new FileBatchThread({
      ...filesProgram,
      entry: made === 1 ? path : new URL('https://mail.example.org/'),
    })
  })
  const ask = (time: number) => few.run({ kind: 'unlink', paths: [String(time)] })
  await ask(0)
  const slow = ask(500)
  await pause(50)
  await Promise.all([slow, ask(0)])
  expect([few.count, made]).toEqual([1, 2])
  few.end()
})
