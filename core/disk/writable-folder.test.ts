import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { requireWritableFolder } from './writable-folder.ts'

let above: string
let path: string

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'mailwright-folder-'))
  path = join(above, 'mail')
})

afterEach(() => rm(above, { recursive: true }))

/** access(2) of somebody who may write to these only. */
function only(...writable: readonly string[]) {
  return async (at: unknown) => {
    if (writable.includes(String(at))) return
    throw Object.assign(new Error(`EACCES: permission denied, access '${at}'`), {
      code: 'EACCES',
      syscall: 'access',
    })
  }
}

function problem(at: string, look?: Parameters<typeof requireWritableFolder>[1]): Promise<unknown> {
  return requireWritableFolder({ option: 'root', path: at, levels: 2 }, look).then(
    () => undefined,
    ({ code, message }) => `${code} ${message}`,
  )
}

it('is content with a folder that can be written or made, and makes nothing', async () => {
  expect(await problem(join(path, 'a/b'))).toBeUndefined()
  expect(await readdir(above)).toEqual([])
  await mkdir(path)
  expect(await problem(path)).toBeUndefined()
  await symlink(path, join(above, 'link'))
  expect(await problem(join(above, 'link'))).toBeUndefined()
})

it('names what is no folder', async () => {
  await writeFile(path, '')
  await symlink('/nonexistent-target', join(above, 'link'))
  await symlink(join(above, 'loop'), join(above, 'loop'))
  expect(await problem(path)).toBe(`MAIL_E_START root: ${path} leads to no folder`)
  expect(await problem(join(path, 'a/b'))).toBe(`MAIL_E_START root: ${path} leads to no folder`)
  const link = join(above, 'link')
  for (const at of [link, join(link, 'a/b')])
    expect(await problem(at)).toBe(`MAIL_E_START root: ${link} leads to no folder`)
  expect(await problem(join(above, 'loop'))).toBe(
    `MAIL_E_START root: ${join(above, 'loop')} cannot be reached`,
  )
})

it('says how to give a folder away, or to make one', async () => {
  expect(await problem(path, only())).toMatch(
    new RegExp(`^MAIL_E_START root: \\S+ may not make ${path} \\(as root: install -d .* ${path}\\)$`),
  )
  await mkdir(path)
  expect(await problem(path, only())).toMatch(
    new RegExp(`^MAIL_E_START root: \\S+ may not write to ${path} \\(as root: chown \\S+:\\d+ ${path}\\)$`),
  )
})

it('is content with folders that others have made for it', async () => {
  await mkdir(join(path, 'ann/Maildir/cur'), { recursive: true })
  expect(await problem(path, only(join(path, 'ann')))).toBeUndefined()
  expect(await problem(path, only(join(path, 'ann/Maildir')))).toBeUndefined()
  expect(await problem(path, only(join(path, 'ann/Maildir/cur'))), 'too deep').toMatch(/may not write/)
})

it.each([
  ['EROFS', 'is read-only'],
  ['EIO', 'cannot be reached'],
])('tells %s in words', async (code, words) => {
  const look = () => Promise.reject(Object.assign(new Error(code), { code, syscall: 'access' }))
  expect(await problem(path, look)).toContain(words)
})
