import { spawnSync } from 'node:child_process'
import { lutimes, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { systemClock } from 'mailwright'
import { fakeClock, faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeFileSystem } from './file-system.ts'
import { LockFiles, leaseTime } from './lock-file.ts'
import { formatOwner, newOwner, ownerState, parseOwner } from './lock-owner.ts'

let directory = ''
let path = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailwright-lock-'))
  path = join(directory, 'the.lock')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const locks = (): LockFiles => new LockFiles(nodeFileSystem, systemClock)

/** The pid of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid
}

it('belongs to one at a time, and is gone when released', async () => {
  const lease = await locks().tryAcquire(path)
  expect(lease).toBeDefined()
  expect(await locks().tryAcquire(path)).toBeUndefined()
  await lease?.release()
  await lease?.release()
  expect(await readdir(directory)).toEqual([])
  expect(await locks().tryAcquire(path)).toBeDefined()
})

it('names its owner, short enough to stay within an inode', async () => {
  await locks().tryAcquire(path)
  const text = await readlink(path)
  expect(parseOwner(text)).toMatchObject({ pid: process.pid })
  expect(text.length).toBeLessThan(60)
  expect(parseOwner('somebody else')).toBeUndefined()
  expect(parseOwner('0123456789ab:12:34:0:0123456789abcdef'), 'of the versions before').toMatchObject({
    pid: 12,
  })
})

it('waits for its turn', async () => {
  const lease = await locks().acquire(path)
  const order: string[] = []
  const next = locks()
    .acquire(path)
    .then((second) => {
      order.push('second')
      return second.release()
    })
  order.push('first')
  await lease.release()
  await next
  expect(order).toEqual(['first', 'second'])
})

it('is taken over from a dead process, by one of many', async () => {
  await symlink(formatOwner({ ...newOwner(), pid: deadPid() }), path)
  const leases = await Promise.all(Array.from({ length: 20 }, () => locks().tryAcquire(path)))
  expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1)
  for (const lease of leases) await lease?.release()
  expect(await readdir(directory)).toEqual([])
})

it('is taken over when the pid belongs to another process by now', async () => {
  await symlink(formatOwner({ ...newOwner(), started: '1' }), path)
  expect(await locks().tryAcquire(path)).toBeDefined()
})

it('is taken over also where somebody died while taking it over', async () => {
  const dead = (): string => formatOwner({ ...newOwner(), pid: deadPid() })
  const holder = dead()
  const guard = `${path}.${crc32(holder).toString(16)}`
  await symlink(holder, path)
  await symlink(dead(), guard)
  await symlink(dead(), `${guard}.new`)
  const lease = await locks().tryAcquire(path)
  expect(lease).toBeDefined()
  await lease?.release()
  expect(await readdir(directory)).toEqual([])
})

it('is not taken over by somebody whose take-over fails, and then by the next', async () => {
  const holder = formatOwner({ ...newOwner(), pid: deadPid() })
  await symlink(holder, path)
  for (let skip = 0; ; skip++) {
    const fault = faultyFileSystem(nodeFileSystem)
    const struck = fault.fail({ skip })
    const lease = await new LockFiles(fault.fileSystem, systemClock).tryAcquire(path).catch(() => undefined)
    const hasStruck = struck()
    if (lease !== undefined) {
      await lease.release()
      expect(await readdir(directory)).not.toContain('the.lock')
      if (!hasStruck) break
      await symlink(holder, path)
    } else expect(await readlink(path)).toBe(holder)
  }
})

const elsewhere = { boot: '0123456789ab', namespace: '01234567' }
const nfs = { ...nodeFileSystem, statfs: async () => ({ type: 0x6969, bsize: 512, bavail: 1 }) }
const aged = (by: number): Promise<void> =>
  lutimes(path, new Date(Date.now() - by), new Date(Date.now() - by))

it('is left to a process that cannot be seen until its lease is over, also where a clock was ahead', async () => {
  const owner = { ...newOwner(), ...elsewhere, pid: deadPid() }
  expect(ownerState(owner)).toBe('unknown')
  for (const text of [formatOwner(owner), '0123456789ab:12:34:0:0123456789abcdef', 'somebody else'])
    for (const by of [leaseTime + 1000, -leaseTime - 1000]) {
      await symlink(text, path)
      expect(await locks().tryAcquire(path)).toBeUndefined()
      await aged(by)
      await (await locks().tryAcquire(path))?.release()
      expect(await readdir(directory), text).toEqual([])
    }
})

it('is taken over at once where its machine was started anew, but not from another machine', async () => {
  // The lease is not over by this clock, but the lock is older than this run of the machine.
  const clock = fakeClock(1000)
  await symlink(formatOwner({ ...newOwner(), ...elsewhere }), path)
  await lutimes(path, new Date(0), new Date(0))
  expect(await new LockFiles(nfs, clock).tryAcquire(path)).toBeUndefined()
  expect(await new LockFiles(nodeFileSystem, clock).tryAcquire(path)).toBeDefined()
})

it('is renewed while it is held', async () => {
  const clock = fakeClock(Date.now() + 10 * leaseTime)
  const renewed: Date[] = []
  const files = { ...nodeFileSystem, lutimes: async (_: string, __: Date, at: Date) => void renewed.push(at) }
  const lease = await new LockFiles(files, clock).tryAcquire(path)
  clock.advance(leaseTime)
  expect(renewed).toHaveLength(4)
  await lease?.release()
  clock.advance(leaseTime)
  expect(renewed).toHaveLength(4)
  expect(clock.waiting).toBe(0)
})

it('is not removed by an owner who has lost it', async () => {
  const clock = fakeClock()
  const lease = await new LockFiles(nodeFileSystem, clock).tryAcquire(path)
  clock.advance(leaseTime)
  await rm(path)
  await symlink(formatOwner({ ...newOwner(), ...elsewhere }), path)
  await lease?.release()
  expect(await readdir(directory)).toEqual(['the.lock'])
})

it('is free again after a release that failed', async () => {
  const fault = faultyFileSystem(nodeFileSystem)
  const lease = await new LockFiles(fault.fileSystem, systemClock).tryAcquire(path)
  fault.fail({ call: 'unlink' })
  await lease?.release()
  expect(await readdir(directory)).toEqual(['the.lock'])
  expect(await locks().tryAcquire(path)).toBeDefined()
})

it('is free again when its making failed half-way', async () => {
  const fault = faultyFileSystem(nodeFileSystem)
  fault.fail({ call: 'symlink', when: 'after' })
  await expect(new LockFiles(fault.fileSystem, systemClock).tryAcquire(path)).rejects.toThrow('EIO')
  expect(await readdir(directory)).toEqual([])
  expect(await locks().tryAcquire(path)).toBeDefined()
})

it('is not waited for longer than whoever wants it can', async () => {
  const lease = await locks().acquire(path)
  await expect(locks().acquire(path, 20)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  await lease.release()
})

it('is waited for by the clock, however few tries that leaves', async () => {
  const lease = await locks().acquire(path)
  const clock = fakeClock()
  let tries = 0
  const files = {
    ...nodeFileSystem,
    symlink: async (target: string, at: string): Promise<void> => {
      tries += 1
      clock.advance(20_000)
      return nodeFileSystem.symlink(target, at)
    },
  }
  await expect(new LockFiles(files, clock).acquire(path)).rejects.toMatchObject({
    code: 'MAIL_E_UNAVAILABLE',
  })
  expect(tries).toBe(2)
  await lease.release()
})

it('is waited for by all together for a few seconds only once there is no time left', async () => {
  const lease = await locks().acquire(path)
  const closing = locks()
  const before = performance.now()
  const waiting = [closing.acquire(path), closing.acquire(path)]
  closing.hurry()
  for (let count = 0; count < 3; count++) waiting.push(closing.acquire(path))
  for (const outcome of await Promise.allSettled(waiting))
    expect(outcome).toMatchObject({ reason: { code: 'MAIL_E_UNAVAILABLE' } })
  expect(performance.now() - before).toBeLessThan(15_000)
  await lease.release()
  await (await closing.acquire(path)).release()
})

it('respects a file of the name that is no lock of ours', async () => {
  await writeFile(path, 'something')
  expect(await locks().tryAcquire(path)).toBeUndefined()
})

it('sees processes of other users as alive', () => {
  expect(ownerState({ ...newOwner(), pid: 1, started: '' })).toBe('alive')
})
