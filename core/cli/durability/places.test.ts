import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { placesOf } from './places.ts'

let folder: string
const kernel = () => ({ proc: join(folder, 'proc'), sys: join(folder, 'sys') })

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'mailwright-places-')))
  await mkdir(join(folder, 'proc/self'), { recursive: true })
  await mkdir(join(folder, 'disk/mail'), { recursive: true })
  await mkdir(join(folder, 'memory'))
  const mounts = [
    `20 1 8:1 / ${folder} rw - ext4 /dev/sda1 rw`,
    `21 20 0:30 / ${folder}/memory rw - tmpfs tmpfs rw`,
  ]
  await writeFile(join(folder, 'proc/self/mountinfo'), mounts.join('\n'))
})

afterEach(() => rm(folder, { recursive: true }))

test('what is on one file system is one place, also what is not there yet', async () => {
  const { places, findings } = await placesOf(
    [
      { plugin: '', path: join(folder, 'disk') },
      { plugin: 'store', path: join(folder, 'disk/mail') },
      { plugin: 'queue', path: join(folder, 'memory/not/yet') },
    ],
    kernel(),
  )
  expect(findings).toEqual([])
  expect(places.map(({ mount, folders }) => [mount?.type, folders])).toEqual([
    ['ext4', [join(folder, 'disk'), join(folder, 'disk/mail')]],
    ['tmpfs', [join(folder, 'memory')]],
  ])
})

test('a file is where its link leads', async () => {
  await writeFile(join(folder, 'memory/mail.db'), '')
  const path = join(folder, 'disk/mail.db')
  await symlink(join(folder, 'memory/mail.db'), path)
  const { places } = await placesOf([{ plugin: 'database', path }], kernel())
  expect(places).toMatchObject([{ mount: { type: 'tmpfs' }, folders: [join(folder, 'memory')] }])
})

test('what cannot be reached is told', async () => {
  const path = join(folder, 'disk/loop')
  await symlink(path, path)
  const { places, findings } = await placesOf([{ plugin: 'store', path }], kernel())
  expect(places).toEqual([])
  expect(findings).toEqual([
    { level: 'doubt', subject: 'of store', text: `${path} cannot be examined (ELOOP)` },
  ])
})
