import { type FakeClock, fakeClock } from 'mailwright/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { partContext } from '../../../test/support/stores/maildir-index.ts'
import { DirectoryStamps, type MailboxStamp } from './directory-stamps.ts'
import { type FileStatus, nodeFileSystem } from './file-system.ts'

const start = Date.UTC(2026, 0, 1)

let clock: FakeClock
let stamps: DirectoryStamps
/** When each directory was last changed, and its inode. */
let times: Record<string, { mtimeMs: number; ino: number }>

beforeEach(() => {
  clock = fakeClock(start)
  times = { new: { mtimeMs: start - 60_000, ino: 1 }, cur: { mtimeMs: start - 60_000, ino: 2 } }
  const lstat = async (path: string): Promise<FileStatus> =>
    ({ ...times[path.slice(-3)] }) as unknown as FileStatus
  stamps = new DirectoryStamps(partContext({ ...nodeFileSystem, lstat }, clock), '/mail')
})

const change = (directory: 'new' | 'cur', mtimeMs = clock.now()): void => {
  times[directory] = { ino: times[directory]?.ino ?? 0, mtimeMs }
}
async function read(): Promise<MailboxStamp> {
  const stamp = await stamps.look()
  stamps.wasRead('new', stamp)
  stamps.wasRead('cur', stamp)
  return stamp
}
async function current(): Promise<readonly string[]> {
  const stamp = await stamps.look()
  return (['new', 'cur'] as const).filter((directory) => stamps.isCurrent(directory, stamp))
}

describe('a directory that was read', () => {
  it('is not current before that, and is for ever after, until it changes', async () => {
    expect(await current()).toEqual([])
    await read()
    expect(await current()).toEqual(['new', 'cur'])
    clock.advance(10 ** 9)
    expect(await current()).toEqual(['new', 'cur'])
    change('new')
    expect(await current()).toEqual(['cur'])
    times.cur = { mtimeMs: times.cur?.mtimeMs ?? 0, ino: 99 }
    expect(await current(), 'another directory of that name').toEqual([])
  })

  it('a moment after it was changed may change again with the same time', async () => {
    change('cur')
    clock.advance(5)
    await read()
    expect(await current()).toEqual(['new'])
    clock.advance(1000)
    expect(await current(), 'it was not read since').toEqual(['new'])
    await read()
    expect(await current()).toEqual(['new', 'cur'])
  })

  it('for longer than a moment was read as it was at the start of that', async () => {
    change('cur')
    clock.advance(5)
    const stamp = await stamps.look()
    // Somebody puts a message behind what is being read, in the same tick of the file system's clock.
    clock.advance(200)
    stamps.wasRead('cur', stamp)
    expect(await current()).toEqual([])
  })

  it('with a time of the future is read again and again', async () => {
    change('new', clock.now() + 10_000)
    await read()
    expect(await current()).toEqual(['cur'])
    clock.advance(20_000)
    await read()
    expect(await current()).toEqual(['new', 'cur'])
  })

  it('is as current as before when the machine’s clock is set', async () => {
    const before = await read()
    change('cur')
    stamps.weChangedCur(before.cur, await stamps.lookAt('cur'))
    clock.set(start - 30_000)
    expect(await current()).toEqual(['new', 'cur'])
    clock.advance(1000)
    expect(await current()).toEqual(['new'])
    await read()
    expect(await current(), 'cur has a time of the future now').toEqual(['new'])
  })

  it('that changed while it was read is not current', async () => {
    const stamp = await stamps.look()
    change('new')
    stamps.wasRead('new', stamp)
    stamps.wasRead('cur', stamp)
    expect(await current()).toEqual(['cur'])
  })

  it('is forgotten when it has to be', async () => {
    await read()
    stamps.forget()
    expect(await current()).toEqual([])
  })
})

describe('a change of cur by ourselves', () => {
  it('leaves it current, but for a look a second later', async () => {
    const before = await read()
    change('cur')
    stamps.weChangedCur(before.cur, await stamps.lookAt('cur'))
    expect(await current()).toEqual(['new', 'cur'])
    clock.advance(999)
    expect(await current()).toEqual(['new', 'cur'])
    clock.advance(1)
    expect(await current()).toEqual(['new'])
    await read()
    expect(await current()).toEqual(['new', 'cur'])
  })

  it('again and again does not put that look off', async () => {
    let before = await read()
    for (let round = 0; round < 10; round++) {
      clock.advance(99)
      change('cur')
      const after = await stamps.look()
      stamps.weChangedCur(before.cur, after.cur)
      before = after
    }
    expect(await current()).toEqual(['new', 'cur'])
    clock.advance(199)
    expect(await current()).toEqual(['new'])
  })

  it('after one of somebody else that was not seen says nothing', async () => {
    await read()
    clock.advance(100)
    change('cur')
    const before = await stamps.look()
    clock.advance(100)
    change('cur')
    stamps.weChangedCur(before.cur, await stamps.lookAt('cur'))
    expect(await current()).toEqual(['new'])
  })

  it('of what was never read says nothing', async () => {
    const before = await stamps.look()
    change('cur')
    stamps.weChangedCur(before.cur, await stamps.lookAt('cur'))
    expect(await current()).toEqual([])
  })
})
