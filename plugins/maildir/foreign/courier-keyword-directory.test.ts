import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { interferedFiles } from '../../../test/support/faults/failing-files.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { readCourierKeywords } from './courier-keyword-directory.ts'

let mailbox: string
const pathOf = (name: string) => join(mailbox, 'courierimapkeywords', name)
const put = (name: string, text: string) => writeFile(pathOf(name), text)
const read = async (files: FileSystem = nodeFileSystem) =>
  Object.fromEntries(await readCourierKeywords(files, mailbox))

beforeEach(async () => {
  mailbox = await mkdtemp(join(tmpdir(), 'mailwright-foreign-'))
  await mkdir(pathOf('.'))
})
afterEach(() => rm(mailbox, { recursive: true }))

it('lets the newest file of a message count, and the list where there is none', async () => {
  await put(':list', 'Junk\nCustom\n\na:0\nb:1\nc:0 1\nd:0\n')
  await put('.5986344.b', 'Old\n')
  await put('.5986346.b', 'New\n')
  await put('.5986345.b', 'Middle\n')
  await put('.5986344.c', 'Old\n')
  await put('c', '')
  await put('e', 'Other\n$Forwarded\n')
  await put('.tmp.1795903182.x', 'Unfinished\n')
  expect(await read()).toEqual({
    a: ['Junk'],
    b: ['New'],
    c: [],
    d: ['Junk'],
    e: ['Other', '$Forwarded'],
  })
})

it('knows nothing where Courier kept none', async () => {
  expect(await read()).toEqual({})
  await rm(pathOf('.'), { recursive: true })
  expect(await read()).toEqual({})
  await writeFile(pathOf('.').slice(0, -1), '')
  expect(await read()).toEqual({})
})

it('finds a file again that Courier renames meanwhile', async () => {
  await put('a', 'Junk\n')
  const files = interferedFiles(nodeFileSystem, async ({ name, path }) => {
    if (name === 'open' && path === pathOf('a'))
      await rename(pathOf('a'), pathOf('.5986344.a')).catch(() => undefined)
  })
  expect(await read(files)).toEqual({ a: ['Junk'] })
})

it('gives up a file that never can be read, not the others', async () => {
  await put('.5986344.b', 'Junk\n')
  await mkdir(pathOf('a'))
  expect(await read()).toEqual({ b: ['Junk'] })
})

it('does not take trouble for absence', async () => {
  await put(':list', 'Junk\n\na:0\n')
  await put('b', 'Junk\n')
  for (const call of ['open', 'readdir', 'file.read'])
    for (let skip = 0; ; skip++) {
      const faulty = faultyFileSystem({ ...nodeFileSystem }, [{ call, error: 'EMFILE', skip }])
      const outcome = await read(faulty.fileSystem).catch((error: NodeJS.ErrnoException) => error.code)
      if (outcome !== 'EMFILE') {
        expect(skip).toBeGreaterThan(0)
        expect(outcome).toEqual({ a: ['Junk'], b: ['Junk'] })
        break
      }
    }
})
