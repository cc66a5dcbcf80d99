import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rootCheck } from './root-check.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-root-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

function rootAt(path: string) {
  return { option: 'root', path, levels: 3 }
}

test('a folder that can be written, or made, is well', async () => {
  expect(await rootCheck(rootAt(folder))).toBeUndefined()
  expect(await rootCheck(rootAt(join(folder, 'not', 'yet')))).toBeUndefined()
  await mkdir(join(folder, 'mail'))
  expect(await rootCheck(rootAt(join(folder, 'mail')))).toBeUndefined()
})

test('a place that cannot be reached is not, and the reason does not name it', async () => {
  await writeFile(join(folder, 'file'), '')
  await symlink('/nonexistent-target', join(folder, 'link'))
  expect(await rootCheck(rootAt(join(folder, 'link')))).toMatchObject({ state: 'fail' })
  const problem = await rootCheck(rootAt(join(folder, 'file', 'mail')))
  expect(problem).toMatchObject({ state: 'fail', reason: expect.stringMatching(/reached/) })
  expect(problem?.reason).not.toContain(folder)
})

test.each([
  ['EACCES', /this user/],
  ['EROFS', /read-only/],
  ['EIO', /cannot be reached/],
])('%s is told in words', async (code, reason) => {
  const look = () => Promise.reject(Object.assign(new Error(code), { code, syscall: 'access' }))
  expect(await rootCheck(rootAt(folder), look)).toEqual({
    state: 'fail',
    reason: expect.stringMatching(reason),
  })
})

test.each([
  ['room', { bavail: 0, blocks: 2_000_000_000, bsize: 512, files: 0, ffree: 0 }],
  ['inodes', { bavail: 1_000_000_000, blocks: 2_000_000_000, bsize: 512, files: 1_000, ffree: 0 }],
])('a disk without %s is told in words', async (word, disk) => {
  const problem = await rootCheck(rootAt(folder), undefined, async () => disk)
  expect(problem).toEqual({ state: 'fail', reason: expect.stringContaining(word) })
  expect(problem?.reason).not.toContain(folder)
})
