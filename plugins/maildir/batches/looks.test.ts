import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemCode } from 'mailwright/disk'
import { fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { type FileBatches, fileBatches } from './file-batches.ts'
import { Looks } from './looks.ts'

let folder: string
let path: string
const clock = fakeClock()

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-looks-'))
  path = join(folder, 'a')
  await writeFile(path, 'one')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

/** Looks that count what others do for them. */
function counted(files: FileSystem = nodeFileSystem) {
  const batches = fileBatches({ ...nodeFileSystem })
  let asked = 0
  const counting: FileBatches = {
    ...batches,
    status(paths) {
      asked += paths.length
      return batches.status(paths)
    },
  }
  return { looks: new Looks({ files, clock }, counting), asked: () => asked }
}

/** Asks until somebody has found out what kind of file system it is. */
async function untilNear({ looks, asked }: ReturnType<typeof counted>): Promise<void> {
  for (let before = -1; before !== asked(); ) {
    before = asked()
    await looks.ask(path)
  }
}

it('looks itself at what it has just seen, and sees what is there now', async () => {
  const counting = counted()
  const { looks, asked } = counting
  await untilNear(counting)
  const before = asked()
  await writeFile(path, 'longer')
  const status = await looks.ask(path)
  const { ino, mtimeMs } = await stat(path)
  expect([status.size, status.ino, status.mtimeMs, status.isFile()]).toEqual([6, ino, mtimeMs, true])
  expect(asked()).toBe(before)
  clock.advance(3000)
  expect((await looks.ask(path)).size).toBe(6)
  expect(asked()).toBe(before + 1)
})

it('leaves what is gone to others, who say so', async () => {
  const counting = counted()
  const { looks, asked } = counting
  await untilNear(counting)
  const before = asked()
  await rm(path)
  const error = await looks.ask(path).catch((error: unknown) => error)
  expect([systemCode(error), asked()]).toEqual(['ENOENT', before + 1])
  await writeFile(path, 'back')
  expect([(await looks.ask(path)).size, asked()]).toEqual([4, before + 2])
})

it.each([
  ['is of a network', async () => ({ type: 0x6969, bsize: 1, bavail: 1 })],
  ['is not known', () => Promise.reject(new Error('no'))],
])('asks others each time where the file system %s', async (_, statfs) => {
  const kind = vi.spyOn(nodeFileSystem, 'statfs').mockImplementation(statfs)
  const { looks, asked } = counted()
  for (let count = 1; count < 20; count++) {
    await looks.ask(path)
    expect(asked()).toBe(count)
  }
  expect(kind).toHaveBeenCalledWith(path)
})

it('asks a file system of somebody else each time', async () => {
  const { looks, asked } = counted({ ...nodeFileSystem })
  for (let count = 1; count < 20; count++) {
    await looks.ask(path)
    expect(asked()).toBe(count)
  }
})
