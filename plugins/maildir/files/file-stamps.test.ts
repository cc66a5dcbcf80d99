import { type FakeClock, fakeClock } from 'mailwright/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { systemError } from '../../../test/support/faults/failing-files.ts'
import { partContext } from '../../../test/support/stores/maildir-index.ts'
import { areUnchanged, type FileStamps, isUnchanged, nothing, stampsOf } from './file-stamps.ts'
import { type FileStatus, nodeFileSystem } from './file-system.ts'

const start = Date.UTC(2026, 0, 1)

interface Facts {
  readonly dev: number
  readonly ino: number
  readonly ctimeMs: number
}

let clock: FakeClock
let there: Map<string, Facts | Error>

beforeEach(() => {
  clock = fakeClock(start)
  there = new Map([
    ['/a', { dev: 1, ino: 1, ctimeMs: start - 60_000 }],
    ['/b', { dev: 1, ino: 2, ctimeMs: start - 60_000 }],
  ])
})

async function lstat(path: string): Promise<FileStatus> {
  const facts = there.get(path) ?? systemError('ENOENT', { name: 'lstat', path })
  if (facts instanceof Error) throw facts
  return { ...facts, size: 0, mtimeMs: 0, birthtimeMs: 0, isFile: () => false, isDirectory: () => true }
}

const look = (...paths: readonly string[]): Promise<FileStamps> =>
  stampsOf(partContext({ ...nodeFileSystem, lstat }, clock), paths.length > 0 ? paths : ['/a', '/b'])

describe('stamps', () => {
  it('are the same as long as nothing changes', async () => {
    const before = await look()
    expect([...before.keys()]).toEqual(['/a', '/b'])
    clock.advance(1000)
    expect(areUnchanged(before, await look())).toBe(true)
    expect(areUnchanged(before, await look('/a')), 'one was not looked at').toBe(false)
    expect(areUnchanged(await look('/a'), await look()), 'more were looked at').toBe(true)
  })

  it.each<[string, Partial<Facts>]>([
    ['time', { ctimeMs: start - 59_999.999 }],
    ['earlier time', { ctimeMs: start - 60_001 }],
    ['inode', { ino: 3 }],
    ['file system', { dev: 2 }],
  ])('are others where the %s is another', async (_, facts) => {
    const before = await look()
    there.set('/b', { dev: 1, ino: 2, ctimeMs: start - 60_000, ...facts })
    const after = await look()
    expect(areUnchanged(before, after)).toBe(false)
    expect(isUnchanged(before.get('/a'), after.get('/a'))).toBe(true)
  })

  it.each([
    ['of the last 30 ms', start - 30],
    ['of this moment', start],
    ['of the future', start + 3_600_000],
  ])('%s say nothing: another change may have the same', async (_, ctimeMs) => {
    there.set('/b', { dev: 1, ino: 2, ctimeMs })
    const before = await look()
    expect(areUnchanged(before, await look())).toBe(false)
  })

  it('of nothing are the same, until there is something', async () => {
    there.delete('/b')
    const before = await look()
    expect(before.get('/b')).toBe(nothing)
    expect(areUnchanged(before, await look())).toBe(true)
    there.set('/b', { dev: 1, ino: 2, ctimeMs: start })
    expect(areUnchanged(before, await look())).toBe(false)
  })

  it('of what was never looked at are not the same as anything', () => {
    expect(isUnchanged(undefined, nothing)).toBe(false)
    expect(isUnchanged(nothing, undefined)).toBe(false)
  })

  it('cannot be had where the disk is in trouble', async () => {
    there.set('/b', systemError('EIO', { name: 'lstat', path: '/b' }))
    await expect(look()).rejects.toMatchObject({ code: 'EIO' })
    expect((await look('/a')).size).toBe(1)
  })
})
