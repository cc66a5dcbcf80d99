import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import rewriting from 'mailwright/plugins/rewriting'
import transports from 'mailwright/plugins/transports'
import { createTestHost, fakeClock } from 'mailwright/testing'
import { expect, test, vi } from 'vitest'
import aliases from './index.ts'
import { PatternTable } from './pattern-table.ts'
import { table } from './table-kinds.ts'

const rules = (count: number) =>
  Array.from(
    { length: count },
    (_, n) => `/^(user|info)${n}[-.](.*)@(.*\\.)?example${n}\\.org$/ x${n}@there.example\n`,
  )

/** The threads that are begun while it is in use. */
function threads(begun: (worker: Worker) => void = () => undefined) {
  const workers: Worker[] = []
  const note = (worker: Worker) => {
    workers.push(worker)
    begun(worker)
  }
  process.on('worker', note)
  return { workers, [Symbol.dispose]: () => void process.off('worker', note) }
}

test('a large table answers the first who asks, and one with other letters', async () => {
  const table = await PatternTable.read(rules(6_000), 'pcre')
  expect(await table.lookUp('info5999-a@mail.example5999.org')).toBe('x5999@there.example')
  expect(await table.lookUp('почта@here.example')).toBeUndefined()
  table.close()
}, 60_000)

test('a line is blamed only where it took a large part of the time', async () => {
  const lines = Array.from({ length: 300 }, (_, n) => `/^(([a-z])+)+${n}x$/ jo@here.example\n`)
  const table = await PatternTable.read(lines, 'pcre')
  await expect(table.lookUp(`${'a'.repeat(18)}@`)).rejects.toThrow('the patterns take too long')
  table.close()
})

test('a thread that ends while it is given its rules hangs nobody, and the next one answers', async () => {
  const table = await PatternTable.read(rules(20_000), 'pcre')
  using begun = threads((worker) => {
    if (begun.workers.length === 1) void worker.terminate()
  })
  await expect(table.lookUp('a@x')).rejects.toThrow('the thread for patterns ended')
  expect(await table.lookUp('info7.a@example7.org')).toBe('x7@there.example')
  expect(begun.workers).toHaveLength(2)
  table.close()
}, 60_000)

test('those who wait are asked together, and a hostile one among them is none of their business', async () => {
  let messages = 0
  using begun = threads((worker) => {
    const post = worker.postMessage.bind(worker)
    worker.postMessage = (task: unknown) => {
      messages += 1
      post(task)
    }
  })
  const table = await PatternTable.read(['/^(([a-z])+)+$/ $1@here.example\n'], 'pcre')
  const hostile = expect(table.lookUp(`${'a'.repeat(60)}@`)).rejects.toThrow('the pattern of line 1')
  const names = Array.from(
    { length: 1_000 },
    (_, n) => `user${'abcdefghij'.charAt(n % 10)}${'z'.repeat(n / 10)}`,
  )
  expect(await Promise.all(names.map((name) => table.lookUp(name)))).toEqual(
    names.map((name) => `${name}@here.example`),
  )
  await hostile
  expect(messages).toBeLessThan(200)
  expect(begun.workers).toHaveLength(1)
  table.close()
})

test('the thread stays as long as its table; closing ends it, and who waits is answered before', async () => {
  using begun = threads()
  const table = await PatternTable.read(['/^jo@/ $$@here.example\n'], 'pcre')
  const answer = table.lookUp('jo@x')
  table.close()
  expect(await answer).toBe('$@here.example')
  await vi.waitFor(() => expect(begun.workers[0]?.threadId).toBe(-1), { timeout: 20_000 })
  expect(await table.lookUp('anna@x')).toBeUndefined()
  expect(begun.workers).toHaveLength(2)
  table.close()
})

test('no thread outlives its table: a file that is changed, or a server that stops', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mw-patterns-'))
  using begun = threads()
  const hasEnded = (at: number) =>
    vi.waitFor(() => expect(begun.workers[at]?.threadId).toBe(-1), { timeout: 20_000 })
  const path = join(folder, 'patterns')
  await writeFile(path, '/^jo@/ one@here.example\n')
  const clock = fakeClock(Date.now() + 3_600_000)
  const made = table(`pcre:${path}`)
  const match = /^jo@/
  const host = await createTestHost({
    plugins: [
      aliases({ patterns: [{ match, to: 'jo@far.example' }] }),
      aliases({ virtual: [made] }, { as: 'others' }),
    ],
    clock,
  })
  expect(await made.lookUp('jo@x')).toBe('one@here.example')
  await writeFile(`${path}.new`, '/^jo@/ other@here.example\n')
  await rename(`${path}.new`, path)
  clock.advance(1_000)
  expect(await made.lookUp('jo@x')).toBe('other@here.example')
  await hasEnded(0)
  const asked = { localPart: 'jo', domain: 'x.example' }
  await host.flow.delivery.route({ address: asked, original: asked })
  expect(begun.workers).toHaveLength(3)
  await host.stop()
  await hasEnded(1)
  await hasEnded(2)
  await rm(folder, { recursive: true })
})

test('rewriting and transports close their tables, too', async () => {
  const close = vi.fn()
  const one = { lookUp: async () => undefined, close }
  const host = await createTestHost({
    plugins: [rewriting({ canonical: [one] }), transports({ tables: [one] })],
  })
  expect(close).not.toHaveBeenCalled()
  await host.stop()
  expect(close).toHaveBeenCalledTimes(2)
})
