import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
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

test('a folder that can be written, or made, is well', async () => {
  expect(await rootCheck(folder)).toBeUndefined()
  expect(await rootCheck(join(folder, 'not', 'yet'))).toBeUndefined()
  await mkdir(join(folder, 'mail'))
  expect(await rootCheck(join(folder, 'mail'))).toBeUndefined()
})

test('a place that cannot be reached is not, and the reason does not name it', async () => {
  await writeFile(join(folder, 'file'), '')
  const problem = await rootCheck(join(folder, 'file', 'mail'))
  expect(problem).toMatchObject({ state: 'fail' })
  expect(problem?.reason).not.toContain(folder)
})

test.each([
  ['EACCES', /this user/],
  ['EROFS', /read-only/],
  ['EIO', /cannot be reached/],
])('%s is told in words', async (code, reason) => {
  const look = () => Promise.reject(Object.assign(new Error(code), { code, syscall: 'access' }))
  expect(await rootCheck('/srv/mail', look)).toEqual({ state: 'fail', reason: expect.stringMatching(reason) })
})

test('where even / is not there, that is the end of it', async () => {
  const look = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOENT', syscall: 'access' }))
  expect(await rootCheck('/srv/mail', look)).toMatchObject({ state: 'fail' })
})
