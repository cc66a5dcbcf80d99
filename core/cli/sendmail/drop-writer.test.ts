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

test.runIf(process.platform === 'linux')('a full disk is for later, and leaves no file', async () => {
  await writeFile(join(folder, 'x'), '')
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  expect(dropFailure(folder, full)).toMatchObject({
    exitCode: 75,
    message: `the drop folder ${folder} ENOSPC`,
  })
  expect(dropFailure(folder, Object.assign(new Error('x'), { code: 'EACCES' }))).toMatchObject({
    exitCode: 77,
  })
})
