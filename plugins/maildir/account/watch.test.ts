import { appendFile, mkdir, mkdtemp, rename, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { partContext } from '../../../test/support/stores/maildir-index.ts'
import { type DirectoryWatcher, type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { indexFileName } from '../index/index-file.ts'
import { watchMailbox } from './watch.ts'

/** One call of `watch`, and what the system may do about it. */
interface Watching {
  readonly path: string
  readonly tell: (name: string | undefined) => void
  end(): void
  closed: boolean
}

let clock: FakeClock
let path = ''
let watched: Watching[] = []
let calls: boolean[] = []

beforeEach(async () => {
  clock = fakeClock(Date.now())
  path = await mkdtemp(join(tmpdir(), 'mailwright-watch-'))
  for (const name of ['new', 'cur', 'tmp']) await mkdir(join(path, name))
  watched = []
  calls = []
})
afterEach(() => rm(path, { recursive: true, force: true }))

const at = (name: string): string => join(path, name)

/** Files whose changes are told by the test; a watch of some of them fails. */
function files(failing: (path: string) => boolean = () => false): FileSystem {
  const watch: FileSystem['watch'] = async (directory, tell, ended) => {
    if (failing(directory)) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'watch' })
    const watching: Watching = { path: directory, tell, end: ended, closed: false }
    watched.push(watching)
    const watcher: DirectoryWatcher = {
      close: () => {
        watching.closed = true
      },
    }
    return watcher
  }
  return { ...nodeFileSystem, watch }
}
const start = (failing?: (path: string) => boolean) =>
  watchMailbox(partContext(files(failing), clock), { path, changed: (list) => void calls.push(list) })
const tell = (directory: string, name?: string): void =>
  watched.find((each) => each.path === join(path, directory))?.tell(name)

describe('a mailbox that the system watches', () => {
  it('is told of once for several changes at the same time', async () => {
    const lease = await start()
    tell('new', 'a')
    tell('cur', 'b')
    tell('.', indexFileName)
    expect(calls).toEqual([])
    clock.advance(15)
    expect(calls).toEqual([false])
    clock.advance(1000)
    expect(calls).toEqual([false])
    tell('cur', 'c')
    clock.advance(15)
    expect(calls).toEqual([false, false])
    await lease.release()
  })

  it('tells of mailboxes below it, not of locks, drafts and what else lies there', async () => {
    const lease = await start()
    for (const name of [`${indexFileName}.lock`, 'mailwright-summaries', 'tmp', 'dovecot-uidlist'])
      tell('.', name)
    clock.advance(100)
    expect(calls).toEqual([])
    tell('.', indexFileName)
    tell('.', '.Work')
    clock.advance(100)
    expect(calls).toEqual([true])
    tell('.')
    clock.advance(100)
    expect(calls, 'where the system does not say what it was').toEqual([true, true])
    await lease.release()
  })

  it('is told of no more after the release, also of what happened before', async () => {
    const lease = await start()
    tell('new', 'a')
    await lease.release()
    await lease.release()
    tell('new', 'b')
    clock.advance(1000)
    expect(calls).toEqual([])
    expect(watched.map(({ closed }) => closed)).toEqual([true, true, true])
    expect(clock.waiting).toBe(0)
  })
})

/** Lets what was begun come to its end, then time for so many looks pass. */
async function looks(count: number): Promise<void> {
  for (let look = 0; look < count; look++) {
    await vi.waitFor(() => expect(clock.waiting).toBeGreaterThan(0), { interval: 1 })
    clock.advance(90)
    await vi.waitFor(() => expect(clock.waiting).toBeGreaterThan(0), { interval: 1 })
    clock.advance(15)
  }
}

/** Makes a directory's time another one, whatever the file system's clock says. */
async function touched(directory: string, by: () => Promise<unknown>, seconds: number): Promise<void> {
  await by()
  await utimes(at(directory), seconds, seconds)
}

describe('a mailbox that the system does not watch', () => {
  it.each([
    ['at all', () => true],
    ['in part', (directory: string) => directory.endsWith('/cur')],
  ])('%s is looked at often', async (_, failing) => {
    const lease = await start(failing)
    await looks(2)
    expect(calls).toEqual([])
    await touched('new', () => writeFile(at('new/1.a.h'), 'x'), 1000)
    await looks(2)
    expect(calls, 'a delivery where there is no index yet').toHaveLength(1)
    await writeFile(at(indexFileName), 'x')
    await looks(2)
    expect(calls, 'the first index').toHaveLength(2)
    await appendFile(at(indexFileName), 'x')
    await looks(2)
    expect(calls, 'a change of the index').toHaveLength(3)
    await touched('cur', () => rename(at('new/1.a.h'), at('cur/1.a.h:2,S')), 2000)
    await looks(2)
    expect(calls, 'a move').toHaveLength(4)
    await looks(3)
    expect(calls).toEqual([false, false, false, false])
    await lease.release()
    await touched('new', () => writeFile(at('new/2.a.h'), 'x'), 3000)
    clock.advance(1000)
    expect(calls).toHaveLength(4)
    expect(watched.every(({ closed }) => closed)).toBe(true)
  })

  it('is told of mailboxes that come and go below it, not of locks', async () => {
    const lease = await start(() => true)
    await looks(2)
    await symlink('nobody', at(`${indexFileName}.lock`))
    await looks(2)
    await unlink(at(`${indexFileName}.lock`))
    await looks(2)
    expect(calls).toEqual([])
    await mkdir(at('.Work'))
    await looks(2)
    expect(calls).toEqual([true])
    await rename(at('.Work'), at('.Play'))
    await looks(2)
    await rm(at('.Play'), { recursive: true })
    await looks(2)
    expect(calls).toEqual([true, true, true])
    await lease.release()
  })

  it('any more is looked at from then on', async () => {
    const lease = await start()
    for (const each of watched) each.end()
    expect(watched.every(({ closed }) => closed)).toBe(true)
    await looks(2)
    await touched('new', () => writeFile(at('new/1.a.h'), 'x'), 1000)
    await looks(2)
    expect(calls).toEqual([false])
    await lease.release()
  })

  it('is told of when it goes away and when it comes back', async () => {
    const lease = await start(() => true)
    await looks(2)
    await rename(path, `${path}-away`)
    await looks(2)
    expect(calls).toHaveLength(1)
    await rename(`${path}-away`, path)
    await looks(2)
    expect(calls).toHaveLength(2)
    await lease.release()
  })
})

describe('the machine’s own watch', () => {
  const ignore = (): void => undefined

  it('of a directory that is not there fails, so that it is looked for otherwise', async () => {
    await expect(nodeFileSystem.watch(at('nowhere'), ignore, ignore)).rejects.toMatchObject({
      code: 'ENOENT',
    })
  })

  it('tells the names of what changes', async () => {
    const names: (string | undefined)[] = []
    const watcher = await nodeFileSystem.watch(at('new'), (name) => void names.push(name), ignore)
    await writeFile(at('new/1.a.h'), 'x')
    await vi.waitFor(() => expect(names).toContain('1.a.h'), { timeout: 5000 })
    watcher.close()
  })
})
