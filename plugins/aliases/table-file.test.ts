import { appendFile, mkdir, mkdtemp, rename, rm, rmdir, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capturedLog, type FakeClock, fakeClock } from 'mailwright/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { IncludedFiles } from './included-file.ts'
import { SettledFile } from './settled-file.ts'
import { table } from './table-kinds.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mw-tables-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** By this clock all files of the test were written an hour ago. */
const anHourLater = () => fakeClock(Date.now() + 3_600_000)
/** By this one they have yet to be written: how long ago it was cannot be told. */
const before = () => fakeClock(Date.now() - 3_600_000)

async function opened(name: string, text: string, clock: FakeClock) {
  const path = join(folder, name)
  await writeFile(path, text)
  const made = table(`hash:${path}`)
  const log = capturedLog()
  await made.open?.({ clock, log })
  const later = (key: string) => {
    clock.advance(1_000)
    return made.lookUp(key)
  }
  return { path, log, made, later }
}

async function isWaiting(clock: FakeClock): Promise<void> {
  await vi.waitFor(() => expect(clock.waiting).toBe(1), { timeout: 20_000, interval: 5 })
}

test.each(['virtual', 'nix:/etc/x', 'hash:etc/x', 'hash:'])('%j is no name of one', (name) => {
  expect(() => table(name)).toThrow('names no table')
})

test('a change is in the first answer after it; what is broken, or gone, is not', async () => {
  const { path, log, made, later } = await opened('virtual', 'a@x b@x\n', anHourLater())
  const events = () => log.lines.map(({ event }) => event)
  expect(await made.lookUp('a@x')).toBe('b@x')
  await writeFile(`${path}.new`, 'a@x changed@x\nlate@x b@x\n')
  await rename(`${path}.new`, path)
  expect(await made.lookUp('late@x')).toBeUndefined()
  expect(await later('late@x')).toBe('b@x')
  expect(await later('a@x')).toBe('changed@x')
  await writeFile(path, 'a@x again@x\nbroken\n')
  expect(await later('a@x')).toBe('changed@x')
  await rename(path, `${path}.old`)
  expect(await later('a@x')).toBe('changed@x')
  expect(await later('none@x')).toBeUndefined()
  expect(events()).toEqual(['reloaded', 'plugin-failed', 'plugin-failed'])
  await writeFile(path, 'a@x repaired@x\n')
  expect(await later('a@x')).toBe('repaired@x')
  expect(events().at(-1)).toBe('recovered')
})

/** Answers what was asked, and lets a second pass whenever it is waited for. */
async function waiting<T>(
  clock: FakeClock,
  asked: Promise<T>,
  meanwhile: readonly (() => Promise<unknown>)[],
) {
  const settled = Promise.allSettled([asked])
  for (const change of meanwhile) {
    await isWaiting(clock)
    await change()
    clock.advance(1_000)
  }
  const [{ value, reason }] = (await settled) as [{ value?: T; reason?: { code?: string } }]
  return reason === undefined ? value : reason.code
}

const nothing = async () => undefined

test('one that is being written is waited for, also at the first time, and where another clock is a little behind', async () => {
  const clock = fakeClock(Date.now() + 3_000)
  const { path, made, later } = await opened('written', 'half@x b@x\n', clock)
  const whole = () => writeFile(path, 'half@x b@x\nlate@x b@x\n')
  expect(await waiting(clock, made.lookUp('late@x'), [whole, nothing])).toBe('b@x')
  await writeFile(path, 'half@x b@x\n')
  expect(await waiting(clock, later('late@x'), [whole, nothing])).toBe('b@x')
})

test('nobody is unknown to one that is written all the time, until it has been for minutes', async () => {
  const clock = before()
  const { path, log, made, later } = await opened('busy', 'a@x b@x\n', clock)
  let written = 0
  const write = () => writeFile(path, `a@x b@x\nnew${written++}@x changed@x\n`)
  await made.check?.({ clock: anHourLater(), log })
  await write()
  expect(await waiting(clock, later('late@x'), [write, write])).toBe('MAIL_E_UNAVAILABLE')
  expect(await waiting(clock, later('a@x'), [write, write])).toBe('b@x')
  clock.advance(180_000)
  expect(await waiting(clock, later('late@x'), [write, write])).toBeUndefined()
  await write()
  expect(await waiting(clock, later('new9@x'), [write, write])).toBe('changed@x')
  expect(log.lines).toMatchObject([{ event: 'plugin-failed', text: /written all the time/ }])
})

test('one that is written all the time is read later, and keeps no server from its start', async () => {
  const clock = before()
  const { path, log, made } = await opened('early', 'a@x b@x\n', clock)
  let written = 0
  const write = () => writeFile(path, `a@x b@x\nnew${written++}@x changed@x\n`)
  expect(await waiting(clock, made.check?.({ clock, log }) ?? nothing(), [write, write])).toBeUndefined()
  expect(await waiting(clock, made.lookUp('a@x'), [write, write])).toBe('MAIL_E_UNAVAILABLE')
  expect(await waiting(clock, made.lookUp('a@x'), [nothing])).toBe('b@x')
})

/** As `mv` does it with a file that was written a while ago: a move within one tick of the file system's clock cannot be told. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await utimes(`${path}.new`, new Date(0), new Date(0))
  await rename(`${path}.new`, path)
}

test('one that is replaced all the time is read at once', async () => {
  const clock = before()
  const { path, made, later } = await opened('replaced', 'a@x b@x\n', clock)
  await made.check?.({ clock: anHourLater(), log: capturedLog() })
  for (const name of ['one@x', 'two@x', 'three@x']) {
    await replace(path, `${name} b@x\n`)
    expect(await later(name)).toBe('b@x')
    expect(await later('none@x')).toBeUndefined()
  }
})

test('one that an editor makes anew, in the place of another, is waited for', async () => {
  const clock = before()
  const { path, made, later } = await opened('edited', 'a@x b@x\nlate@x b@x\n', clock)
  await made.check?.({ clock: anHourLater(), log: capturedLog() })
  await rename(path, `${path}~`)
  await writeFile(path, 'a@x changed@x\n')
  const rest = () => appendFile(path, 'late@x changed@x\n')
  expect(await waiting(clock, later('late@x'), [rest, nothing])).toBe('changed@x')
})

test.each<[string, (path: string) => Promise<void>]>([
  ['written to', (path) => writeFile(path, '')],
  ['replaced', (path) => replace(path, 'c@x d@x\n')],
])('what is %s between the look and the reading is not believed', async (_, change) => {
  const path = join(folder, 'raced')
  await writeFile(path, 'a@x b@x\n')
  const clock = anHourLater()
  const file = new SettledFile(path)
  const state = await file.state(clock, undefined)
  if (state === undefined) throw new Error('it is quiet')
  expect((await file.text(state, clock))?.join('')).toBe('a@x b@x\n')
  await change(path)
  expect(await file.text(state, clock)).toBeUndefined()
})

test('one that stays unreadable is waited for no longer than minutes, and that is told', async () => {
  const clock = anHourLater()
  const { path, log, made, later } = await opened('forbidden', 'a@x b@x\n', clock)
  await made.lookUp('a@x')
  await rm(path)
  await mkdir(path)
  await expect(later('late@x')).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  clock.advance(180_000)
  for (let looks = 0; looks < 2; looks++) {
    expect(await later('late@x')).toBeUndefined()
    expect(await later('a@x')).toBe('b@x')
  }
  expect(log.lines).toMatchObject([
    { event: 'plugin-failed', error: /cannot be read now/ },
    { event: 'plugin-failed', error: /could not be read for minutes, and is used as it was/ },
  ])
  await rmdir(path)
  await writeFile(path, 'late@x b@x\n')
  expect(await later('late@x')).toBe('b@x')
  expect(log.lines.at(-1)).toMatchObject({ event: 'recovered' })
})

test('one that cannot be read for a moment is tried again', async () => {
  const { path, log, made, later } = await opened('unreadable', 'a@x b@x\n', anHourLater())
  await made.lookUp('a@x')
  await rm(path)
  await mkdir(path)
  for (let looks = 0; looks < 2; looks++) {
    await expect(later('late@x')).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    expect(await later('a@x')).toBe('b@x')
  }
  await rmdir(path)
  await writeFile(path, 'late@x b@x\n')
  expect(await later('late@x')).toBe('b@x')
  expect(log.lines.map(({ event }) => event)).toEqual(['plugin-failed', 'recovered'])
})

test('a changed list of an included file is in the first answer after it', async () => {
  const clock = anHourLater()
  const included = new IncludedFiles({ clock, log: capturedLog() })
  const path = join(folder, 'subscribers')
  await writeFile(path, 'jo@x\n')
  expect(await included.lines(path)).toEqual(['jo@x'])
  await writeFile(path, 'jo@x\nanna@x\n')
  clock.advance(1_000)
  expect(await included.lines(path)).toEqual(['jo@x', 'anna@x'])
})

test('one that is not there, or is no text, lets no server start and is not available to a command', async () => {
  const surroundings = { clock: anHourLater(), log: capturedLog() }
  await writeFile(join(folder, 'octets'), Buffer.from([0x61, 0x20, 0xff, 0x0a]))
  for (const name of ['none', 'octets']) {
    const made = table(`hash:${join(folder, name)}`)
    await expect(made.check?.(surroundings)).rejects.toMatchObject({ code: 'MAIL_E_START' })
    await expect(made.lookUp('a@x')).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  }
})

test('what is odd is told to a server, not to each command', async () => {
  const { log, made } = await opened('odd', 'a@x b@x\na@x c@x\n', anHourLater())
  expect(await made.lookUp('a@x')).toBe('b@x')
  expect(log.lines).toEqual([])
  const again = await opened('odd', 'a@x b@x\na@x c@x\n', anHourLater())
  await again.made.check?.({ clock: anHourLater(), log: again.log })
  expect(again.log.lines).toMatchObject([{ event: 'plugin-failed', text: 'line 2 has a@x once more' }])
})
