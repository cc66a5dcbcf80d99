import { constants } from 'node:fs'
import * as promises from 'node:fs/promises'
import { mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readSmallFile, replaceDurably } from './durable-file.ts'

const mebibyte = 1024 * 1024

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-durable-'))
  path = join(folder, 'file')
  await writeFile(path, 'old')
})

afterEach(() => rm(folder, { recursive: true }))

it('reads a small file whole, with its status', async () => {
  const { octets, status } = await readSmallFile(promises, path)
  expect(octets.toString()).toBe('old')
  expect(status.size).toBe(3)
})

it('reads nothing that is large, and nothing through a link', async () => {
  await truncate(path, 64 * mebibyte + 1)
  await expect(readSmallFile(promises, path)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  const link = join(folder, 'link')
  await symlink(path, link)
  await expect(readSmallFile(promises, link)).rejects.toMatchObject({ code: 'ELOOP' })
})

it('replaces a file by one that only its owner may read, and has its name made durable', async () => {
  const synced: string[] = []
  const written = await replaceDurably(
    promises,
    { path, temporary: join(folder, 'new'), octets: Buffer.from('new one') },
    async () => void synced.push(await readFile(path, 'utf8')),
  )
  expect(synced).toEqual(['new one'])
  expect(written).toMatchObject({ size: 7 })
  expect((await stat(path)).mode & (constants.S_IRWXG | constants.S_IRWXO)).toBe(0)
  expect(await readdir(folder)).toEqual(['file'])
})

it.each(['open', 'file.write', 'file.datasync', 'rename'])(
  'leaves the old one where %s fails',
  async (name) => {
    const { fileSystem } = faultyFileSystem({ ...promises }, [{ call: name }])
    const content = { path, temporary: join(folder, 'new'), octets: Buffer.from('new') }
    await expect(replaceDurably(fileSystem, content, async () => {})).rejects.toMatchObject({ code: 'EIO' })
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['file'])
  },
)
