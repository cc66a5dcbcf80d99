import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { dropNameKind } from '../../formats/drop-file.ts'
import { DropWriter } from './drop-writer.ts'
import { dropFailure } from './exit-codes.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-writer-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const envelope = { sender: 'a', recipients: ['b'] }

test('the file has its name when it is whole, and not before', async () => {
  const writer = DropWriter.create(folder, envelope)
  writer.write(Buffer.from('hello'))
  const [before = ''] = await readdir(folder)
  expect(dropNameKind(before)).toBe('temporary')
  expect((await readFile(join(folder, before))).toString('latin1', 0, 4)).toBe('\0\0\0\0')
  writer.finish()
  const [after = '', ...others] = await readdir(folder)
  expect(dropNameKind(after)).toBe('whole')
  expect(others).toEqual([])
  writer.abandon()
  expect(await readdir(folder)).toEqual([after])
})

test('what is given up is gone, and may be given up again', async () => {
  const writer = DropWriter.create(folder, envelope)
  writer.abandon()
  writer.abandon()
  expect(await readdir(folder)).toEqual([])
})

test('where it cannot get its name it is not queued', async () => {
  const writer = DropWriter.create(folder, envelope)
  const [name = ''] = await readdir(folder)
  await rename(join(folder, name), join(folder, 'moved'))
  expect(() => writer.finish()).toThrow(expect.objectContaining({ exitCode: 69 }))
  expect(() => writer.write(Buffer.from('x'))).toThrow('given up')
})

test.each([
  ['EROFS', 75, 'is on a disk that is read-only'],
  ['EDQUOT', 75, 'has no room for this user: the quota of the disk is used up'],
  ['EIO', 75, 'cannot be written: the disk has an error'],
  ['EFBIG', 75, 'cannot take the message: the file size limit (ulimit -f) is too small'],
  ['EMFILE', 75, 'cannot be used: EMFILE'],
])('%s is told in words', (code, exitCode, problem) => {
  const error = Object.assign(new Error('x'), { code })
  expect(dropFailure('/drop', error)).toMatchObject({ exitCode, message: `the drop folder /drop ${problem}` })
})

test.runIf(process.platform === 'linux')('a full disk is for later, and leaves no file', async () => {
  await writeFile(join(folder, 'x'), '')
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  expect(dropFailure(folder, full)).toMatchObject({
    exitCode: 75,
    message: `the drop folder ${folder} has no room: the disk is full`,
  })
  expect(dropFailure(folder, Object.assign(new Error('x'), { code: 'EACCES' }))).toMatchObject({
    exitCode: 77,
  })
})
