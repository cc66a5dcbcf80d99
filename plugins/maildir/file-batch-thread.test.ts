import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { FileBatchThread } from './file-batch-thread.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-thread-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A thread that does something else than it should. */
async function threadOf(code: string): Promise<FileBatchThread> {
  const path = join(folder, 'entry.mjs')
  await writeFile(path, code)
  return new FileBatchThread(pathToFileURL(path))
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
    const both = await Promise.allSettled([thread.run('unlink', [['a']]), thread.run('unlink', [['b']])])
    for (const outcome of both)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'MAIL_E_UNAVAILABLE' } })
  }
})

it('answers errors as the file system has them', async () => {
  const from = join(folder, 'none')
  const to = join(folder, 'to')
  const [error] = await new FileBatchThread().run('rename', [[from, to]])
  expect(error).toMatchObject({ code: 'ENOENT', syscall: 'rename', path: from, dest: to })
})
