import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { passedEntries } from './passed-entries.ts'

let folder: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'mailwright-way-')))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** What is passed below the folder. */
function passed(path: string): readonly string[] {
  return passedEntries(join(folder, path)).flatMap((each) =>
    each.startsWith(`${folder}/`) ? [each.slice(folder.length + 1)] : [],
  )
}

test('through links of both kinds, and to what is not there', async () => {
  await mkdir(join(folder, 'opt/1'), { recursive: true })
  await mkdir(join(folder, 'etc'))
  await symlink('../opt/./live', join(folder, 'etc/current'))
  await symlink(join(folder, 'opt/1'), join(folder, 'opt/live'))
  expect(new Set(passed('etc/current/key'))).toEqual(
    new Set(['etc', 'etc/current', 'opt', 'opt/live', 'opt/1', 'opt/1/key']),
  )
  expect(passedEntries('/no/such')).toEqual(['/no', '/no/such'])
  expect(passedEntries('/')).toEqual([])
})

test('a circle of links ends', async () => {
  await symlink('b', join(folder, 'a'))
  await symlink('a/x', join(folder, 'b'))
  expect(new Set(passed('a'))).toContain('b')
})
