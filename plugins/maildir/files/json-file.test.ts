import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FaultyFileSystem, faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { interferedFiles } from '../../../test/support/faults/failing-files.ts'
import { partContext } from '../../../test/support/stores/maildir-index.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'
import { JsonFile } from './json-file.ts'

let directory = ''
let absences = 0

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailwright-json-'))
  await mkdir(join(directory, 'tmp'))
  absences = 0
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const path = (): string => join(directory, 'names')

/** A list of names, as one process has it. */
function names(files: FileSystem = nodeFileSystem): JsonFile<readonly string[]> {
  return new JsonFile<readonly string[]>(partContext(files), {
    directory,
    name: 'names',
    tmp: join(directory, 'tmp'),
    parse: (value) => (Array.isArray(value) ? value.map(String) : undefined),
    absent: async () => {
      absences += 1
      return ['first']
    },
  })
}

const adding =
  (name: string) =>
  (before: readonly string[]): readonly string[] => [...before, name]

describe('a file of a value', () => {
  it('is what it was, or what it is where there is none, until it is changed', async () => {
    const [one, two] = [names(), names()]
    expect(await one.read()).toEqual(['first'])
    await one.change(adding('a'))
    expect(await two.read()).toEqual(['first', 'a'])
    await two.change(adding('b'))
    expect(await one.read()).toEqual(['first', 'a', 'b'])
    expect(await readFile(path(), 'utf8')).toBe('["first","a","b"]\n')
    expect(await readdir(directory)).toEqual(['names', 'tmp'])
    expect(await readdir(join(directory, 'tmp'))).toEqual([])
  })

  it('is read again only where it is another', async () => {
    const faulty = faultyFileSystem<FileSystem>(nodeFileSystem)
    await names().change(adding('a'))
    const file = names(faulty.fileSystem)
    const reads = (): number => faulty.calls.filter(({ name }) => name === 'file.read').length
    for (let count = 0; count < 3; count++) expect(await file.read()).toEqual(['first', 'a'])
    expect(reads()).toBe(1)
    await names().change(adding('b'))
    expect(await file.read()).toEqual(['first', 'a', 'b'])
    expect(reads()).toBe(2)
  })

  it('loses no change of those who make one at the same time', async () => {
    const files = Array.from({ length: 4 }, () => names())
    await Promise.all(
      Array.from({ length: 24 }, (_, at) => files[at % files.length]?.change(adding(`n${at}`))),
    )
    expect(new Set(await names().read()).size).toBe(25)
  })

  it('is not written where nothing changes', async () => {
    await names().change(() => undefined)
    expect(await readdir(directory)).toEqual(['tmp'])
    await names().change(adding('a'))
    const before = await nodeFileSystem.lstat(path())
    await names().change(() => undefined)
    const { ino, mtimeMs } = await nodeFileSystem.lstat(path())
    expect([ino, mtimeMs]).toEqual([before.ino, before.mtimeMs])
  })

  it('stays as it is, and is not locked, when the change cannot be made', async () => {
    await names().change(adding('a'))
    const refused = names().change(() => {
      throw new RangeError('no')
    })
    await expect(refused).rejects.toThrow(RangeError)
    await names().change(adding('b'))
    expect(await names().read()).toEqual(['first', 'a', 'b'])
  })
})

describe('a file that is damaged', () => {
  it.each([
    ['empty', ''],
    ['cut', '["first","a'],
    ['of another kind', '{"a":1}'],
    ['a number', '7'],
    ['no UTF-8', Buffer.from([0xff, 0xfe, 0x00])],
    ['zeros', Buffer.alloc(5000)],
    ['very deep', '['.repeat(500_000)],
  ])('(%s) is said to be that, and is not written over', async (_, octets) => {
    await writeFile(path(), octets)
    const file = names()
    await expect(file.read()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    await expect(file.change(adding('a'))).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    expect(await readFile(path())).toEqual(Buffer.from(octets))
    expect(absences).toBe(0)
    await writeFile(path(), '["mended"]')
    await file.change(adding('a'))
    expect(await file.read()).toEqual(['mended', 'a'])
  })

  it('by being larger than any can be takes no memory', async () => {
    await writeFile(path(), '[]')
    await truncate(path(), 2 ** 42)
    await expect(names().read()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  })

  it('by being no file at all is trouble of the disk', async () => {
    await symlink('elsewhere', path())
    await expect(names().read()).rejects.toMatchObject({ code: 'ELOOP' })
    await rm(path())
    await mkdir(path())
    await expect(names().read()).rejects.toMatchObject({ code: 'EISDIR' })
  })
})

describe('a change that fails', () => {
  let faulty: FaultyFileSystem<FileSystem>

  beforeEach(() => {
    faulty = faultyFileSystem<FileSystem>(nodeFileSystem)
  })

  it.each(['before', 'after'] as const)(
    'at any call, %s it, has not happened, or has as a whole',
    async (when) => {
      for (let skip = 0, struck = true; struck; skip++) {
        await names().change(() => ['old'])
        const file = names(faulty.fileSystem)
        const end = faulty.fail({ skip, when, error: 'EIO' })
        const done = await file.change(adding('new')).then(
          () => true,
          () => false,
        )
        struck = end()
        const expected = done ? ['old', 'new'] : ['old']
        for (const each of [file, names()]) expect(await each.read(), `call ${skip}`).toEqual(expected)
        await names().change(adding('next'))
        expect(await file.read()).toEqual([...expected, 'next'])
      }
    },
  )

  it('on a full disk leaves the old value', async () => {
    await names().change(() => ['old'])
    faulty.fail({ call: 'file.write', error: 'ENOSPC', times: Number.POSITIVE_INFINITY })
    const file = names(faulty.fileSystem)
    await expect(file.change(adding('new'))).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await file.read()).toEqual(['old'])
    expect(await readdir(join(directory, 'tmp'))).toEqual([])
  })
})

it('is not lost by a reader between two who write', async () => {
  let turns = 0
  const files = interferedFiles(nodeFileSystem, async ({ name, path: on }) => {
    if (name === 'open' && on === path() && turns++ === 0) await names().change(adding('meanwhile'))
  })
  await names().change(() => ['old'])
  const reader = names(files)
  expect(await reader.read()).toEqual(['old', 'meanwhile'])
  expect(await reader.read()).toEqual(['old', 'meanwhile'])
})
