import { spawnSync } from 'node:child_process'
import { lstat, lutimes, mkdir, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from 'mailwright'
import { systemError } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type FileSystem, nodeFileSystem } from './file-system.ts'
import { LockFiles } from './lock-file.ts'
import { formatOwner, newOwner } from './lock-owner.ts'
import { SpareLinks, spareDirectory } from './spare-links.ts'

let root = ''
let path = ''
let isFull = false

let canTouch = true

/** A disk whose inodes are used up when the test says so. */
const files: FileSystem = {
  ...nodeFileSystem,
  async lutimes(...of) {
    if (!canTouch) throw systemError('EROFS', { name: 'lutimes', path: of[0] })
    await nodeFileSystem.lutimes(...of)
  },
  async symlink(target, at) {
    if (isFull) throw systemError('ENOSPC', { name: 'symlink', path: at })
    await nodeFileSystem.symlink(target, at)
  },
}

beforeEach(async () => {
  isFull = false
  canTouch = true
  root = await mkdtemp(join(tmpdir(), 'mailwright-spare-'))
  await mkdir(join(root, 'mail'))
  path = join(root, 'mail', 'the.lock')
})
afterEach(() => rm(root, { recursive: true, force: true }))

const spares = (): Promise<string[]> => readdir(join(root, spareDirectory))
const deadOwner = (): string =>
  formatOwner({ ...newOwner(), pid: spawnSync(process.execPath, ['--version']).pid })

async function prepared(): Promise<{ readonly links: SpareLinks; readonly locks: LockFiles }> {
  const links = new SpareLinks(files, systemClock, root)
  await links.prepare()
  return { links, locks: new LockFiles(files, systemClock, links) }
}

it('locks can be taken without an inode, and exclude others as any lock', async () => {
  const { locks } = await prepared()
  isFull = true
  for (let round = 0; round < 20; round++) {
    const lease = await locks.tryAcquire(path)
    expect(lease).toBeDefined()
    expect(await spares()).toContain(await readlink(path))
    expect(await locks.tryAcquire(path)).toBeUndefined()
    await lease?.release()
    expect(await readdir(join(root, 'mail'))).toEqual([])
  }
})

it('a lock is as new as any other, however old its spare link is, or is not made', async () => {
  const { locks } = await prepared()
  for (const name of await spares()) await lutimes(join(root, spareDirectory, name), 0, 0)
  isFull = true
  const before = Date.now()
  const lease = await locks.tryAcquire(path)
  expect((await lstat(path)).mtimeMs).toBeGreaterThan(before - 60_000)
  await lease?.release()
  canTouch = false
  await expect(locks.tryAcquire(path), 'the first failure says why').rejects.toThrow('ENOSPC')
  expect(await readdir(join(root, 'mail'))).toEqual([])
})

it('are not removed by a second store of this process on the same root', async () => {
  await prepared()
  const first = await spares()
  await prepared()
  expect(await spares()).toEqual(expect.arrayContaining(first))
  expect(await spares()).toHaveLength(2 * first.length)
})

it('a lock of a dead process is taken over without an inode', async () => {
  const { locks } = await prepared()
  await symlink(deadOwner(), path)
  isFull = true
  await (await locks.tryAcquire(path))?.release()
  expect(await readdir(join(root, 'mail'))).toEqual([])
})

it('where all are in use, or somebody has removed them, the disk is full', async () => {
  const { locks } = await prepared()
  isFull = true
  const leases = []
  for (const name of await spares()) leases.push(await locks.tryAcquire(join(root, 'mail', name)))
  await expect(locks.tryAcquire(path)).rejects.toThrow('ENOSPC')
  for (const lease of leases) await lease?.release()
  await rm(join(root, spareDirectory), { recursive: true })
  await expect(locks.tryAcquire(path)).rejects.toThrow('ENOSPC')
})

it('are made once there is a root, in the place of those of dead processes, and go with their store', async () => {
  const links = new SpareLinks(files, systemClock, join(root, 'new'))
  await links.prepare()
  await mkdir(join(root, 'new', spareDirectory), { recursive: true })
  const dead = deadOwner()
  await symlink(dead, join(root, 'new', spareDirectory, dead))
  await links.prepare()
  await links.prepare()
  const made = await readdir(join(root, 'new', spareDirectory))
  expect(made).toHaveLength(6)
  expect(made).not.toContain(dead)
  await links.close()
  expect(await readdir(join(root, 'new', spareDirectory))).toEqual([])
})
