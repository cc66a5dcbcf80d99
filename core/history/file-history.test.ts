import { fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../flow/id.ts'
import type { HistoryEntry } from '../services/history.ts'
import { type CapturedLog, capturedLog } from '../testing/captured-log.ts'
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts'
import { createFileHistory, type FileHistory } from './file-history.ts'

const day = 86_400_000
const begin = Date.UTC(2026, 0, 10, 12)

let parent = ''
let folder = ''
let clock: FakeClock
let log: CapturedLog
const open: FileHistory[] = []

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'mailwright-history-'))
  folder = join(parent, 'history')
  clock = fakeClock(begin)
  log = capturedLog()
})

afterEach(async () => {
  for (const history of open.splice(0)) await history.close()
  await rm(parent, { recursive: true })
})

function historyOf(days = 30): FileHistory {
  const history = createFileHistory(folder, days, clock, log)
  open.push(history)
  return history
}

const entry = (text: string, more: Partial<HistoryEntry> = {}): HistoryEntry => ({
  at: clock.now(),
  verb: 'verdict',
  text,
  ...more,
})
const texts = async (history: FileHistory, query = {}) => (await history.find(query)).map(({ text }) => text)

describe('writing', () => {
  test('is behind, in batches, one file a day', async () => {
    const history = historyOf()
    history.record(entry('a'))
    expect(await readdir(parent)).toEqual([])
    clock.advance(200)
    history.record(entry('b', { at: begin + day }))
    await history.flush()
    expect((await readdir(folder)).sort()).toEqual(['2026-01-10.jsonl', '2026-01-11.jsonl'])
    expect(await readFile(join(folder, '2026-01-10.jsonl'), 'utf8')).toBe(
      `{"at":${begin},"verb":"verdict","text":"a"}\n`,
    )
    // Who wrote to whom is nobody else's business.
    expect((await stat(join(folder, '2026-01-10.jsonl'))).mode & 0o777).toBe(0o600)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  test('is seen by a search at once, and by the next process', async () => {
    const history = historyOf()
    history.record(entry('a'))
    history.record(entry('b'))
    expect(await texts(history)).toEqual(['a', 'b'])
    await history.close()
    expect(await texts(historyOf())).toEqual(['a', 'b'])
  })

  test('takes any text in one line', async () => {
    const history = historyOf()
    history.record(entry('a\r\n{"at":1}\u2028"\\\0\ud800'))
    history.record(entry('b'))
    expect(await texts(history)).toHaveLength(2)
  })

  test('an entry that is no JSON loses its facts, and no other entry anything', async () => {
    const history = historyOf()
    const circle: Record<string, unknown> = {}
    circle.self = circle
    history.record(entry('a', { facts: circle }))
    history.record(entry('b', { facts: { big: 1n } }))
    history.record(entry(1n as unknown as string))
    history.record(entry('d', { at: Number.NaN }))
    history.record(entry('e', { at: Number.POSITIVE_INFINITY }))
    history.record(entry('f', { at: 1n as unknown as number }))
    history.record(entry('g'))
    expect(await texts(history)).toEqual(['a', 'b', 'd', 'e', 'f', 'g'])
  })

  test('large batches are whole', async () => {
    const history = historyOf()
    const long = 'x'.repeat(1_000)
    for (let count = 0; count < 3_000; count++) history.record(entry(`${count} ${long}`))
    const found = await texts(history, { limit: 5_000 })
    expect(found.map((text) => Number(text?.split(' ')[0]))).toEqual(
      Array.from({ length: 3_000 }, (_, n) => n),
    )
  })

  test('what is recorded after the end is dropped', async () => {
    const history = historyOf()
    await history.close()
    history.record(entry('late'))
    expect(await texts(history)).toEqual([])
    expect(clock.waiting).toBe(0)
  })
})

describe('retention', () => {
  test('removes the files of days that are over, at the start and with each new day', async () => {
    await mkdir(folder)
    for (const name of ['2026-01-02.jsonl', '2026-01-03.jsonl', '2025-12-31.jsonl', 'notes.txt'])
      await writeFile(join(folder, name), '')
    const history = historyOf(7)
    await history.open()
    expect((await readdir(folder)).sort()).toEqual(['2026-01-03.jsonl', 'notes.txt'])
    clock.advance(day)
    history.record(entry('a'))
    await history.flush()
    expect((await readdir(folder)).sort()).toEqual(['2026-01-11.jsonl', 'notes.txt'])
  })

  test('of no days keeps the running day', async () => {
    const history = historyOf(0)
    history.record(entry('a'))
    expect(await texts(history)).toEqual(['a'])
  })
})

describe('a damaged file', () => {
  test('with half a line at its end loses that line only', async () => {
    const first = historyOf()
    first.record(entry('a'))
    await first.close()
    const file = join(folder, '2026-01-10.jsonl')
    await appendFile(file, `{"at":${begin},"verb":"ver`)
    expect(await texts(historyOf())).toEqual(['a'])
    const second = historyOf()
    second.record(entry('b'))
    second.record(entry('c'))
    expect(await texts(second)).toEqual(['a', 'b', 'c'])
  })

  test('with anything in it is read as far as it can be', async () => {
    await mkdir(folder)
    const lines = ['null', '[]', '7', '{}', '{"at":"x"}', '\0\0\0', '', `{"at":${begin},"verb":"closed"}`]
    await writeFile(join(folder, '2026-01-10.jsonl'), lines.join('\n'))
    expect(await historyOf().find({})).toEqual([{ at: begin, verb: 'closed' }])
  })

  test('that cannot be read is told to who asks', async () => {
    await mkdir(join(folder, '2026-01-10.jsonl'), { recursive: true })
    await expect(historyOf().find({})).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  })
})

describe('trouble', () => {
  test('a folder that cannot be written costs the entries, is told once, and so is its end', async () => {
    await writeFile(folder, 'a file in its place')
    const history = historyOf()
    await history.open()
    for (const text of ['a', 'b']) {
      history.record(entry(text))
      await history.flush()
    }
    expect(log.lines).toMatchObject([{ event: 'unavailable', service: 'history' }])
    await rm(folder)
    history.record(entry('c'))
    expect(await texts(history)).toEqual(['c'])
    expect(log.lines[1]).toMatchObject({ event: 'recovered', service: 'history', lost: 2 })
  })

  test('a full disk never throws', async () => {
    await mkdir(folder)
    await symlink('/dev/full', join(folder, '2026-01-10.jsonl'))
    const history = historyOf()
    history.record(entry('a'))
    await history.flush()
    history.record(entry('b'))
    await history.flush()
    expect(log.lines).toMatchObject([{ event: 'unavailable', error: expect.stringContaining('ENOSPC') }])
  })

  test('a disk that hangs does not fill the memory', async () => {
    const history = historyOf()
    for (let count = 0; count < 100_005; count++) history.record(entry(`${count}`))
    expect(log.lines).toMatchObject([{ event: 'limit-reached', service: 'history' }])
    expect(await texts(history, { limit: 200_000 })).toHaveLength(100_000)
  })
})

test('several processes write whole lines into one file', async () => {
  const script = join(parent, 'writer.mjs')
  const source = new URL('./file-history.ts', import.meta.url).href
  await writeFile(
    script,
    `import { createFileHistory } from ${JSON.stringify(source)}
     const clock = { now: () => ${begin}, monotonic: () => 0, after: () => ({ cancel() {} }) }
     const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
     const history = createFileHistory(process.argv[2], 30, clock, log)
     for (let batch = 0; batch < 20; batch++) {
       for (let n = 0; n < 200; n++)
         history.record({ at: ${begin}, verb: 'verdict', session: process.argv[3], text: batch + ' ' + n + ' ' + 'x'.repeat(n * 5) })
       await history.flush()
     }
     await history.close()`,
  )
  const writers = ['one', 'two', 'three'].map((name) => fork(script, [folder, name]))
  for (const codes of await Promise.all(writers.map((writer) => once(writer, 'exit'))))
    expect(codes[0]).toBe(0)
  const lines = (await readFile(join(folder, '2026-01-10.jsonl'), 'utf8')).split('\n').filter(Boolean)
  expect(lines).toHaveLength(12_000)
  for (const line of lines) JSON.parse(line)
  const history = historyOf()
  for (const session of ['one', 'two', 'three'])
    expect(await history.find({ id: session, limit: 10_000 })).toHaveLength(4_000)
})

describe('finding', () => {
  test('by an id of a busy server reads only the days from then on', async () => {
    const id = newId(begin)
    await mkdir(folder)
    const line = `${JSON.stringify({ at: 1, verb: 'closed', session: id })}\n`
    for (const name of ['2026-01-08', '2026-01-09', '2026-01-10', '2026-01-12'])
      await writeFile(join(folder, `${name}.jsonl`), line)
    expect(await historyOf().find({ id })).toHaveLength(3)
    expect(await historyOf().find({ id: 'an id of another form' })).toEqual([])
  })

  test('since a time reads only the days from then on', async () => {
    await mkdir(folder)
    for (const n of [8, 9, 10]) {
      const at = Date.UTC(2026, 0, n)
      await writeFile(
        join(folder, new Date(at).toISOString().slice(0, 10).concat('.jsonl')),
        `{"at":${at},"verb":"closed"}\n`,
      )
    }
    expect(await historyOf().find({ since: new Date(Date.UTC(2026, 0, 9)) })).toHaveLength(2)
  })
})
