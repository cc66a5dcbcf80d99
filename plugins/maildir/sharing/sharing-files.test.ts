import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog, systemClock } from 'mailwright'
import { expectCode, fakeClock, faultyFileSystem, recordedRetrieval } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createContext } from '../context.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { staleAfter } from '../mailbox/stale-files.ts'
import { SharingFiles } from './sharing-files.ts'

let root = ''
let directory = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-sharing-'))
  directory = join(root, '.sharing')
})
afterEach(() => rm(root, { recursive: true, force: true }))

function sharingFiles(files: FileSystem = unsyncedFiles(nodeFileSystem), clock = systemClock): SharingFiles {
  const context = createContext({
    files,
    clock,
    log: createLog('silent'),
    announce: recordedRetrieval(),
    hostname: 'mail.example.org',
    lineEnds: 'crlf',
    fullText: true,
    pop3UidlFormat: '%08Xu%08Xv',
  })
  return new SharingFiles(context, root, '.sharing')
}

function put(files: SharingFiles, name: string, text: string | undefined): Promise<void> {
  return files.alone(() => files.replace(name, text === undefined ? undefined : Buffer.from(text)))
}

async function mode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

it('is nothing on the disk until something is put in; then only its user reads it', async () => {
  const files = sharingFiles()
  expect(await files.isEmpty()).toBe(true)
  expect(await files.names()).toEqual([])
  expect(await files.read('lists.a')).toBeUndefined()
  expect(await readdir(root)).toEqual([])
  await put(files, 'lists.a', 'one')
  expect(await files.isEmpty()).toBe(false)
  expect(String(await files.read('lists.a'))).toBe('one')
  expect((await readdir(directory)).sort()).toEqual(['lists.a', 'tmp'])
  expect(await readdir(join(directory, 'tmp'))).toEqual([])
  expect([await mode(directory), await mode(join(directory, 'tmp'))]).toEqual([0o700, 0o700])
  expect(await mode(join(directory, 'lists.a'))).toBe(0o600)
})

it('replaces and removes files, seen by others at once', async () => {
  const [files, others] = [sharingFiles(), sharingFiles()]
  expect(await others.isEmpty()).toBe(true)
  await put(files, 'lists.a', 'one')
  expect(await others.isEmpty()).toBe(false)
  expect(String(await others.read('lists.a'))).toBe('one')
  await put(others, 'lists.a', 'two')
  expect(String(await files.read('lists.a'))).toBe('two')
  await put(files, 'lists.a', undefined)
  await put(files, 'lists.b', undefined)
  expect(await others.read('lists.a')).toBeUndefined()
  expect(await others.names()).toEqual([])
})

it('names its files only: no drafts, no locks', async () => {
  const files = sharingFiles()
  const names = await files.alone(async () => {
    await files.replace('sharers.a', Buffer.from('x'))
    await writeFile(join(directory, 'tmp', 'draft'), '')
    await symlink('somebody', join(directory, 'mailwright.lock.0a1b2c3d'))
    await writeFile(join(directory, 'Notes of the postmaster'), '')
    return files.names()
  })
  expect(names).toEqual(['sharers.a'])
})

it('lets nobody else in, in this process or another', async () => {
  const [first, second] = [sharingFiles(), sharingFiles()]
  let inside = 0
  const add = async (files: SharingFiles) => {
    expect(++inside).toBe(1)
    const before = String((await files.read('lists.a')) ?? '')
    await files.replace('lists.a', Buffer.from(`${before}x`))
    inside--
  }
  await Promise.all(
    Array.from({ length: 12 }, (_, index) => {
      const files = index % 3 === 0 ? second : first
      return files.alone(() => add(files))
    }),
  )
  expect(String(await first.read('lists.a'))).toBe('x'.repeat(12))
})

it('takes over the lock of a process that died', async () => {
  const files = sharingFiles()
  await put(files, 'lists.a', 'one')
  await symlink('0123456789ab:1:1:0:0123456789abcdef', join(directory, 'mailwright.lock'))
  const long = fakeClock()
  long.advance(systemClock.now() + 200_000 - long.now())
  await put(sharingFiles(unsyncedFiles(nodeFileSystem), long), 'lists.a', 'two')
  expect(String(await files.read('lists.a'))).toBe('two')
})

it('removes what processes that died left behind, in time', async () => {
  await put(sharingFiles(), 'lists.a', 'one')
  await writeFile(join(directory, 'tmp', 'draft'), 'half')
  await utimes(join(directory, 'tmp', 'draft'), 0, 0)
  await put(sharingFiles(), 'lists.a', 'two')
  expect(await readdir(join(directory, 'tmp'))).toEqual(['draft'])
  const later = fakeClock()
  later.advance(systemClock.now() + staleAfter + 1000 - later.now())
  await put(sharingFiles(unsyncedFiles(nodeFileSystem), later), 'lists.a', 'three')
  expect(await readdir(join(directory, 'tmp'))).toEqual([])
})

it('follows no links', async () => {
  const elsewhere = join(root, 'elsewhere')
  await mkdir(join(elsewhere, 'tmp'), { recursive: true })
  await symlink(elsewhere, directory)
  const files = sharingFiles()
  expect(await files.isEmpty()).toBe(true)
  await expectCode(put(files, 'lists.a', 'one'), 'MAIL_E_UNAVAILABLE')
  expect(await readdir(elsewhere)).toEqual(['tmp'])
  await rm(directory)
  await put(files, 'lists.a', 'one')
  await symlink(join(directory, 'lists.a'), join(directory, 'lists.b'))
  await expectCode(files.read('lists.b'), 'MAIL_E_UNAVAILABLE')
})

describe('trouble of the disk', () => {
  it.each([
    ['a first file', undefined, 'one'],
    ['a replacement', 'one', 'two'],
    ['a removal', 'one', undefined],
  ])('%s is made or not, whichever call fails', async (_, before, after) => {
    const fault = faultyFileSystem(nodeFileSystem)
    let failures = 0
    for (let skip = 0; ; skip++) {
      await rm(directory, { recursive: true, force: true })
      if (before !== undefined) await put(sharingFiles(), 'lists.a', before)
      const end = fault.fail({ skip, when: skip % 2 === 0 ? 'before' : 'after' })
      const files = sharingFiles(fault.fileSystem)
      const outcome = await put(files, 'lists.a', after).then(
        () => 'done',
        (error: { code?: string }) => error.code,
      )
      const struck = end()
      expect(['done', 'MAIL_E_UNAVAILABLE']).toContain(outcome)
      const text = outcome === 'done' ? after : before
      expect((await sharingFiles().read('lists.a'))?.toString(), `call ${skip}`).toBe(text)
      await put(sharingFiles(), 'lists.a', 'next')
      if (!struck) break
      if (outcome !== 'done') failures++
    }
    expect(failures).toBeGreaterThan(5)
  })

  it('is told as what it is', async () => {
    const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
    const files = sharingFiles(fault.fileSystem)
    await put(files, 'lists.a', 'one')
    for (const [error, code] of [
      ['ENOSPC', 'MAIL_E_UNAVAILABLE'],
      ['EDQUOT', 'MAIL_E_OVER_QUOTA'],
      ['EMFILE', 'MAIL_E_UNAVAILABLE'],
    ] as const) {
      const end = fault.fail({ error, call: 'open', path: '/tmp/', times: 1 })
      await expectCode(put(files, 'lists.a', 'two'), code)
      expect(end()).toBe(true)
    }
    const end = fault.fail({ error: 'EIO', times: 3 })
    await expectCode(sharingFiles(fault.fileSystem).isEmpty(), 'MAIL_E_UNAVAILABLE')
    await expectCode(files.names(), 'MAIL_E_UNAVAILABLE')
    await expectCode(files.read('lists.a'), 'MAIL_E_UNAVAILABLE')
    end()
    expect(String(await files.read('lists.a'))).toBe('one')
  })
})
