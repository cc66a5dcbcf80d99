import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readlink, rm, symlink } from 'node:fs/promises'
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

/** A disk whose inodes are used up when the test says so. */
const files: FileSystem = {
  ...nodeFileSystem,
  async symlink(target, at) {
    if (isFull) throw systemError('ENOSPC', { name: 'symlink', path: at })
    await nodeFileSystem.symlink(target, at)
  },
}

beforeEach(async () => {
  isFull = false
  root = await mkdtemp(join(tmpdir(), 'mailwright-spare-'))
  await mkdir(join(root, 'mail'))
  path = join(root, 'mail', 'the.lock')
})
afterEach(() => rm(root, { recursive: true, force: true }))

const spares = (): Promise<string[]> => readdir(join(root, spareDirectory))
const deadOwner = (): string =>
  formatOwner({ ...newOwner(), pid: spawnSync(process.execPath, ['--version']).pid })

async function prepared(): Promise<{ readonly links: SpareLinks; readonly locks: LockFiles }> {
  const links = new SpareLinks(files, root)
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
  const links = new SpareLinks(files, join(root, 'new'))
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
