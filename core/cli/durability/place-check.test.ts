import { lstat, mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { good } from './finding.ts'
import { tryIn } from './place-check.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-place-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const { signal } = new AbortController()
const works = async () => [good('it', 'works')]
const full = async () => {
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
}

test('things are tried in the first folder that can be written to, and nothing of it stays', async () => {
  const seen: string[] = []
  const look = async (made: string) => {
    seen.push(made)
    await lstat(made)
    return works()
  }
  expect(await tryIn([join(folder, 'not there'), folder], signal, [look])).toEqual([good('it', 'works')])
  expect(seen[0]?.startsWith(folder)).toBe(true)
  expect(await readdir(folder)).toEqual([])
})

test('where nothing can be written is told with the reason', async () => {
  const path = join(folder, 'not there')
  expect(await tryIn([path], signal, [works])).toEqual([
    { level: 'untried', subject: 'syncs', text: `nothing can be written in ${path} (ENOENT)` },
  ])
})

test('a full file system costs what comes behind it, and is named', async () => {
  expect(await tryIn([folder], signal, [works, full, works])).toEqual([
    good('it', 'works'),
    {
      level: 'untried',
      subject: 'syncs',
      text: `could not be tried to the end in ${folder}: ENOSPC: no space left on device, write`,
    },
  ])
  expect(await readdir(folder)).toEqual([])
})

test('an interruption ends it, and nothing stays', async () => {
  const interrupted = new AbortController()
  const interrupt = async () => {
    interrupted.abort(new Error('interrupted'))
    return works()
  }
  await expect(tryIn([folder], interrupted.signal, [interrupt, works])).rejects.toThrow('interrupted')
  expect(await readdir(folder)).toEqual([])
})

test('what a run that has died has left is removed, and nothing of one that goes on', async () => {
  const names = ['mailwright-durability-oldold', 'mailwright-durability-newnew', 'mailwright-durability']
  for (const name of names) await mkdir(join(folder, name))
  const old = Date.now() / 1_000 - 4_000
  await utimes(join(folder, names[0] ?? ''), old, old)
  await utimes(join(folder, names[2] ?? ''), old, old)
  await tryIn([folder], signal, [])
  expect((await readdir(folder)).sort()).toEqual(names.slice(1).sort())
})
