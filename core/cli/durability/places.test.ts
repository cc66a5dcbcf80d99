import { appendFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linksBelow } from './links-below.ts'
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
    { level: 'untried', subject: 'of store', text: `${path} cannot be examined (ELOOP)` },
  ])
})

/** What is found where mail lies in `disk/mail`. */
const found = async () => {
  const kept = [{ plugin: 'store', path: join(folder, 'disk/mail') }]
  const { places, findings } = await placesOf(kept, kernel())
  return { types: places.map(({ mount }) => mount?.type), kept: places.at(-1)?.kept, findings }
}

test('what a link below a kept folder leads to is a place of its own', async () => {
  const path = join(folder, 'disk/mail/example.test/jo')
  await mkdir(join(folder, 'disk/mail/example.test'))
  await symlink(join(folder, 'memory'), path)
  expect(await found()).toEqual({ types: ['ext4', 'tmpfs'], kept: [{ plugin: 'store', path }], findings: [] })
})

test('a link to a device, to itself or to nowhere leads to no place', async () => {
  const home = join(folder, 'disk/mail/jo')
  await mkdir(home)
  await symlink('/dev/null', join(home, '.bash_history'))
  await symlink(join(home, 'loop'), join(home, 'loop'))
  await symlink(join(folder, 'memory/gone/file'), join(home, 'gone'))
  expect(await found()).toMatchObject({ types: ['ext4'], findings: [] })
})

test('a link to a file leads to where that is', async () => {
  await writeFile(join(folder, 'memory/jo'), '')
  await symlink(join(folder, 'memory/jo'), join(folder, 'disk/mail/jo'))
  expect((await found()).types).toEqual(['ext4', 'tmpfs'])
})

test('and so is what is mounted there, however deep', async () => {
  const path = join(folder, 'disk/mail/example.test/a/b/c')
  await mkdir(path, { recursive: true })
  await appendFile(
    join(folder, 'proc/self/mountinfo'),
    [
      `\n22 20 0:31 / ${path} rw - tmpfs tmpfs rw`,
      `23 20 0:32 / ${folder}/disk/mail/proc rw - proc proc rw`,
    ].join('\n'),
  )
  expect(await found()).toEqual({ types: ['ext4', 'tmpfs'], kept: [{ plugin: 'store', path }], findings: [] })
})

test('below a folder that is not there yet nothing is looked for', async () => {
  await rm(join(folder, 'disk/mail'), { recursive: true })
  await symlink(join(folder, 'memory'), join(folder, 'disk/other'))
  expect((await found()).types).toEqual(['ext4'])
})

test('links are looked for among so many names, and it is known where there are more', async () => {
  await symlink(join(folder, 'memory'), join(folder, 'disk/mail/jo'))
  const links = [join(folder, 'disk/mail/jo')]
  expect(await linksBelow(join(folder, 'disk'), 2)).toEqual({ links, isWhole: true })
  expect(await linksBelow(join(folder, 'disk'), 1)).toEqual({ links: [], isWhole: false })
})
