import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { diskOf, judgeDisk, judgeMount, type KernelFolders, type Mount, mountOf } from './file-system.ts'

let folder: string
let kernel: KernelFolders

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-mounts-'))
  kernel = { proc: join(folder, 'proc'), sys: join(folder, 'sys') }
  await mkdir(join(folder, 'proc/self'), { recursive: true })
  await mkdir(join(folder, 'my data/mail'), { recursive: true })
})

afterEach(() => rm(folder, { recursive: true }))

const mounts = (...lines: readonly string[]): Promise<void> =>
  writeFile(join(folder, 'proc/self/mountinfo'), `${lines.join('\n')}\n`)

const ext4: Mount = {
  type: 'ext4',
  source: '/dev/sda1',
  device: '8:1',
  path: '/',
  options: ['rw', 'relatime'],
}

describe('the mount of a folder', () => {
  test('is the deepest one, and the last of those at one place; names may hold spaces', async () => {
    const place = `${folder}/my\\040data`
    await mounts(
      '20 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro',
      `21 20 8:2 / ${place} rw - xfs /dev/sda2 rw`,
      `22 20 8:3 / ${place} rw,noatime - ext4 /dev/sda3 rw,data=writeback`,
      `23 20 8:4 / ${place}/other rw - ext4 /dev/sda4 rw`,
      'nonsense',
    )
    expect(await mountOf(join(folder, 'my data/mail'), kernel)).toEqual({
      type: 'ext4',
      source: '/dev/sda3',
      device: '8:3',
      path: join(folder, 'my data'),
      options: ['rw', 'noatime', 'data=writeback'],
    })
    expect(await mountOf(folder, kernel)).toMatchObject({ device: '8:1', path: '/' })
  })

  test('is unknown where the kernel does not tell', async () => {
    expect(await mountOf(folder, kernel)).toBeUndefined()
    expect(judgeMount(undefined)).toMatchObject([{ level: 'doubt' }])
  })
})

describe('what is said of a mount', () => {
  test.each([
    ['good', {}],
    ['bad', { type: 'tmpfs' }],
    ['bad', { type: 'devtmpfs' }],
    ['bad', { options: ['rw', 'nobarrier'] }],
    ['bad', { options: ['rw', 'barrier=0'] }],
    ['bad', { options: ['rw', 'data=writeback'] }],
    ['good', { options: ['rw', 'data=ordered', 'barrier=1'] }],
    ['doubt', { type: 'nfs4' }],
    ['doubt', { type: 'fuse.sshfs' }],
    ['doubt', { type: 'overlay' }],
  ] as const)('%s: %j', (level, more) => {
    expect(judgeMount({ ...ext4, ...more })).toMatchObject([{ level }])
  })
})

describe('the disk of a mount', () => {
  test('is that of the partition; its write cache and whether it turns', async () => {
    const disk = join(folder, 'sys/devices/sda')
    await mkdir(join(disk, 'queue'), { recursive: true })
    await mkdir(join(disk, 'sda1'))
    await mkdir(join(folder, 'sys/dev/block'), { recursive: true })
    await symlink(join(disk, 'sda1'), join(folder, 'sys/dev/block/8:1'))
    await writeFile(join(disk, 'queue/write_cache'), 'write back\n')
    await writeFile(join(disk, 'queue/rotational'), '1\n')
    const found = await diskOf(ext4, kernel)
    expect(found).toEqual({ cache: 'write back', turns: true })
    expect(judgeDisk(found)).toMatchObject([{ level: 'good' }])
    expect(judgeDisk({ cache: 'write through', turns: false })).toMatchObject([{ level: 'good' }])
  })

  test('is unknown for what is none', async () => {
    expect(await diskOf({ ...ext4, device: '0:21' }, kernel)).toBeUndefined()
    expect(judgeDisk(undefined)).toMatchObject([{ level: 'doubt' }])
  })
})
