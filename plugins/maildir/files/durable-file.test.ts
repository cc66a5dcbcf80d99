import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openNew, openToRead } from './durable-file.ts'
import { nodeFileSystem } from './file-system.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-durable-'))
})

afterEach(() => rm(folder, { recursive: true }))

it('a new file is nobody else’s: not one that is there, nor where a link leads', async () => {
  const [there, link, away] = [join(folder, 'there'), join(folder, 'link'), join(folder, 'away')]
  await writeFile(there, 'kept')
  await symlink(away, link)
  await expect(openNew(nodeFileSystem, there)).rejects.toMatchObject({ code: 'EEXIST' })
  await expect(openNew(nodeFileSystem, link)).rejects.toMatchObject({ code: 'EEXIST' })
  expect(await readFile(there, 'utf8')).toBe('kept')
  await expect(stat(away)).rejects.toMatchObject({ code: 'ENOENT' })
  const made = join(folder, 'new')
  await (await openNew(nodeFileSystem, made)).close()
  expect((await stat(made)).mode & 0o777).toBe(0o600)
})

it('nothing is read through a link', async () => {
  const link = join(folder, 'link')
  await writeFile(join(folder, 'secret'), 'x')
  await symlink(join(folder, 'secret'), link)
  await expect(openToRead(nodeFileSystem, link)).rejects.toMatchObject({ code: 'ELOOP' })
})
