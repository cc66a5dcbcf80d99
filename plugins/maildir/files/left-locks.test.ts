import { lstat, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FakeClock, type FaultyFileSystem, fakeClock, faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type FileSystem, nodeFileSystem } from './file-system.ts'
import { LockFiles } from './lock-file.ts'
import { formatOwner, newOwner } from './lock-owner.ts'

let directory = ''
let path = ''
let clock: FakeClock
let fault: FaultyFileSystem<FileSystem>
let locks: LockFiles

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailwright-left-'))
  path = join(directory, 'the.lock')
  clock = fakeClock(Date.now())
  fault = faultyFileSystem(nodeFileSystem)
  locks = new LockFiles(fault.fileSystem, clock)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const there = (): Promise<string[]> => readdir(directory)
/** Lets time pass until what was left is gone, and nothing waits any more. */
const goes = (): Promise<void> =>
  vi.waitFor(
    async () => {
      clock.advance(1000)
      expect([await there(), clock.waiting]).toEqual([[], 0])
    },
    { timeout: 20_000, interval: 10 },
  )

it('is removed a while later where its removal has failed, so that other processes need not wait', async () => {
  const lease = await locks.tryAcquire(path)
  fault.fail({ call: 'unlink', times: 3 })
  await lease?.release()
  expect(await there()).toEqual(['the.lock'])
  await goes()
})

it('is removed at the end, where that was not done before', async () => {
  const lease = await locks.tryAcquire(path)
  fault.fail({ call: 'unlink' })
  await lease?.release()
  await locks.close()
  expect([await there(), clock.waiting]).toEqual([[], 0])
})

it('is removed where it was made although its making has failed', async () => {
  fault.fail({ call: 'symlink', when: 'after' })
  fault.fail({ call: 'unlink' })
  await expect(locks.tryAcquire(path)).rejects.toThrow('EIO')
  expect(await there()).toEqual(['the.lock'])
  await goes()
})

it('is removed where it was the guard of a lock that was taken over', async () => {
  await symlink(formatOwner({ ...newOwner(), started: '1' }), path)
  fault.fail({ call: 'unlink', path: 'the.lock.' })
  const lease = await locks.tryAcquire(path)
  expect(await there()).toHaveLength(2)
  await lease?.release()
  expect(await there()).toHaveLength(1)
  await goes()
})

it('is not removed once it is somebody else’s', async () => {
  const lease = await locks.tryAcquire(path)
  fault.fail({ call: 'unlink' })
  await lease?.release()
  const taken = await new LockFiles(nodeFileSystem, clock).tryAcquire(path)
  const holder = await readlink(path)
  await locks.close()
  expect(await readlink(path)).toBe(holder)
  await taken?.release()
  expect(clock.waiting).toBe(0)
})

it('is removed or taken over, never removed from under who has taken it over', async () => {
  for (let round = 0; round < 50; round++) {
    const lease = await locks.tryAcquire(path)
    fault.fail({ call: 'unlink', path: 'the.lock' })
    await lease?.release()
    const [taken] = await Promise.all([locks.tryAcquire(path), locks.close()])
    if (taken !== undefined) expect((await lstat(path)).isSymbolicLink()).toBe(true)
    await taken?.release()
    await locks.close()
    expect(await there()).toEqual([])
  }
})
