import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeFileSystem } from '../files/file-system.ts'
import { readForeignFile } from './foreign-file.ts'

let folder: string
const read = (name: string, limit = 100) => readForeignFile(nodeFileSystem, join(folder, name), limit)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-foreign-'))
  await writeFile(join(folder, 'file'), 'content')
  await utimes(join(folder, 'file'), 1, 1_700_000_000.5)
})
afterEach(() => rm(folder, { recursive: true }))

it('reads a file and when it was written', async () => {
  expect(await read('file')).toEqual({ octets: Buffer.from('content'), modified: 1_700_000_000_500 })
})

it('takes a file above the limit for an empty one', async () => {
  expect((await read('file', 7))?.octets.toString()).toBe('content')
  expect(await read('file', 6)).toEqual({ octets: Buffer.alloc(0), modified: 1_700_000_000_500 })
})

it('sees nothing where there is no file of its own', async () => {
  await symlink('file', join(folder, 'link'))
  await mkdir(join(folder, 'directory'))
  expect(spawnSync('mkfifo', [join(folder, 'pipe')]).status).toBe(0)
  for (const name of ['missing', 'file/below', 'link', 'directory', 'pipe'])
    expect(await read(name), name).toBeUndefined()
})

it('does not take trouble for absence, and leaves no file open', async () => {
  for (const call of ['open', 'file.stat', 'file.read', 'file.close'])
    for (const error of ['EACCES', 'EMFILE', 'EIO']) {
      const { fileSystem, calls } = faultyFileSystem({ ...nodeFileSystem }, [{ call, error }])
      await expect(readForeignFile(fileSystem, join(folder, 'file'), 100), call).rejects.toMatchObject({
        code: error,
      })
      expect(calls.at(-1)?.name).toBe(call === 'open' ? 'open' : 'file.close')
    }
})
