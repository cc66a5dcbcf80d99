import { appendFile, mkdir, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UnavailableError } from 'mailwright'
import { type CapturedLog, capturedLog, type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LogFollower } from './log-follower.ts'

let folder: string
let path: string
let clock: FakeClock
let log: CapturedLog
let told: string[]
let follower: LogFollower

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-log-'))
  path = join(folder, 'mail.log')
  clock = fakeClock()
  log = capturedLog()
  told = []
  follower = new LogFollower(path, { clock, log }, async (line) => {
    if (line === 'later') throw new UnavailableError('no database now')
    told.push(line)
  })
})

afterEach(async () => {
  await follower.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Lets time go on until so many lines were told. */
async function reached(...lines: string[]): Promise<void> {
  await vi.waitFor(() => {
    clock.advance(1000)
    expect(told).toEqual(lines)
  })
}

const events = () => log.lines.map(({ event }) => event)

test('tells what is written from now on', async () => {
  await writeFile(path, 'old\n')
  await follower.start()
  await appendFile(path, 'one\ntwo\n')
  await reached('one', 'two')
  await appendFile(path, 'three\n')
  await reached('one', 'two', 'three')
  expect(log.lines).toEqual([])
})

test('waits for the end of a line, and of a character', async () => {
  await writeFile(path, '')
  await follower.start()
  const line = Buffer.from('half and jürgen\n')
  await appendFile(path, Buffer.concat([Buffer.from('one\n'), line.subarray(0, 11)]))
  await reached('one')
  await appendFile(path, line.subarray(11))
  await reached('one', 'half and jürgen')
})

test('follows through a rotation, and reads the old file to its end', async () => {
  await writeFile(path, '')
  await follower.start()
  await appendFile(path, 'one\n')
  await reached('one')
  await appendFile(path, 'late\nhalf')
  await rename(path, `${path}.1`)
  await writeFile(path, 'new\n')
  await reached('one', 'late', 'new')
})

test('follows through a truncation', async () => {
  await writeFile(path, 'a long old line\n')
  await follower.start()
  await appendFile(path, 'one\nhalf')
  await reached('one')
  await truncate(path)
  clock.advance(1000)
  await appendFile(path, 'two\n')
  await reached('one', 'two')
})

test('waits for a file that is not there, and says so once', async () => {
  await follower.start()
  for (let second = 0; second < 5; second++) clock.advance(1000)
  await writeFile(path, 'one\n')
  await reached('one')
  await vi.waitFor(() => expect(events()).toEqual(['unavailable', 'recovered']))
  expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'warn'])
  await rm(path)
  await vi.waitFor(() => {
    clock.advance(1000)
    expect(events()).toEqual(['unavailable', 'recovered', 'unavailable'])
  })
  await writeFile(path, 'two\n')
  await reached('one', 'two')
})

test('does not wait for what is no file', async () => {
  await mkdir(path)
  await follower.start()
  expect(log.lines).toMatchObject([{ event: 'unavailable' }])
})

test('passes over lines of any length, and goes on behind them', async () => {
  await writeFile(path, '')
  await follower.start()
  await appendFile(path, Buffer.alloc(300_000, 'x'))
  await appendFile(path, `\n${'y'.repeat(2049)}\n${'z'.repeat(2048)}\n\0\xff\n\n`)
  await reached('z'.repeat(2048), '\0\xff', '')
  await appendFile(path, 'end\n')
  await reached('z'.repeat(2048), '\0\xff', '', 'end')
})

test('goes on behind a line that could not be remembered', async () => {
  await writeFile(path, '')
  await follower.start()
  await appendFile(path, 'later\none\n')
  await reached('one')
  expect(log.lines).toMatchObject([{ event: 'unavailable', file: path }])
})

test('reads many lines', async () => {
  await writeFile(path, '')
  await follower.start()
  const lines = Array.from({ length: 20_000 }, (_, number) => `line ${number} of many`)
  await appendFile(path, `${lines.join('\n')}\n`)
  await reached(...lines)
})
