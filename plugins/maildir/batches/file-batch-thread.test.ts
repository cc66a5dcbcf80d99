import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FileBatchThread, filesProgram } from './file-batch-thread.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-thread-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A thread that does something else than it should. */
async function threadOf(code: string): Promise<FileBatchThread> {
  const path = join(folder, 'entry.mjs')
  await writeFile(path, code)
  return new FileBatchThread({ ...filesProgram, entry: pathToFileURL(path) })
}

it.each([
  ['cannot be loaded', 'this is no program'],
  ['ends by itself', 'process.exit(1)'],
  [
    'throws',
    "import { parentPort } from 'node:worker_threads'\nparentPort.on('message', () => { throw new Error('x') })",
  ],
])('fails whoever waits where the thread %s, and is started anew for the next', async (_, code) => {
  const thread = await threadOf(code)
  for (let round = 0; round < 2; round++) {
    const both = await Promise.allSettled(
      ['a', 'b'].map((path) => thread.ask({ kind: 'unlink', paths: [path] })),
    )
    for (const outcome of both)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'MAIL_E_UNAVAILABLE' } })
    expect(thread.tasks).toBe(0)
  }
})

it('fails whoever asks where it cannot be started, and nobody else', async () => {
  // Node.js throws at once, as it does where the system has no thread left.
  const thread = new FileBatchThread({ ...filesProgram, entry: new URL('https://mail.example.org/') })
  const asked = thread.ask({ kind: 'unlink', paths: ['a'] })
  await expect(asked).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE', cause: expect.any(Error) })
  expect(thread.tasks).toBe(0)
  thread.end()
})

it('ends when it has nothing to do, and is started anew for the next', async () => {
  const thread = await threadOf(
    "import { parentPort, threadId } from 'node:worker_threads'\n" +
      "parentPort.on('message', ({ number }) => parentPort.postMessage({ number, failures: [[threadId, 'X']] }))",
  )
  const ask = async (): Promise<number | undefined> => {
    const { failures } = await thread.ask({ kind: 'unlink', paths: ['a'] })
    return failures[0]?.[0]
  }
  const first = ask()
  expect([thread.tasks, thread.delay >= 0]).toEqual([1, true])
  thread.end()
  const id = await first
  expect([thread.tasks, thread.delay]).toEqual([0, 0])
  const second = await ask()
  expect(second).not.toBe(id)
  expect(await ask()).toBe(second)
  const third = ask()
  thread.end()
  // There is more to do after all.
  const fourth = ask()
  expect([await third, await fourth]).toEqual([second, second])
  thread.end()
  expect(await ask()).not.toBe(second)
  thread.end()
})

it('does nothing where a path has a NUL', async () => {
  const thread = new FileBatchThread()
  await writeFile(join(folder, 'a'), '')
  const { failures } = await thread.ask({ kind: 'unlink', paths: [`${folder}/a\0b`] })
  expect(failures).toEqual([[0, 'EINVAL']])
  expect((await thread.ask({ kind: 'unlink', paths: [`${folder}/a`] })).failures).toEqual([])
  thread.end()
})
