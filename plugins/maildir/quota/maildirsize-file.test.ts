import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeFileSystem } from '../files/file-system.ts'
import { MaildirSize } from './maildirsize-file.ts'

const now = 1_700_000_000_000
const limits = { bytes: 1000, messages: 0 }

let root: string
let next = 0
const sizeOf = (files = nodeFileSystem) => new MaildirSize(files, root, () => `unique-${next++}`)
const text = () => readFile(join(root, 'maildirsize'), 'latin1')

async function put(content: string, age = 0): Promise<void> {
  await writeFile(join(root, 'maildirsize'), content)
  await utimes(join(root, 'maildirsize'), 0, (now - age) / 1000)
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-quota-'))
  await mkdir(join(root, 'tmp'))
})
afterEach(() => rm(root, { recursive: true }))

it('has nothing to say, and adds nothing, where there is no file', async () => {
  expect(await sizeOf().read(now)).toBeUndefined()
  await sizeOf().add({ bytes: 5, messages: 1 })
  expect(await readdir(root)).toEqual(['tmp'])
})

it('is made, added to, and read', async () => {
  const size = sizeOf()
  await size.recalculate(limits, { bytes: 300, messages: 3 })
  await size.add({ bytes: 50, messages: 1 })
  await size.add({ bytes: -100, messages: -1 })
  expect(await size.read(now)).toEqual({ limits, sums: { bytes: 250, messages: 3 } })
  expect((await text()).split('\n')).toHaveLength(5)
  await size.recalculate({ bytes: 2000, messages: 9 }, { bytes: 1, messages: 1 })
  expect(await text()).toBe('2000S,9C\n1 1\n')
  expect(await readdir(join(root, 'tmp'))).toEqual([])
})

it('loses no line when many are added at once', async () => {
  await sizeOf().recalculate(limits, { bytes: 0, messages: 0 })
  await Promise.all(Array.from({ length: 50 }, () => sizeOf().add({ bytes: 7, messages: 1 })))
  expect(await sizeOf().read(now)).toMatchObject({ sums: { bytes: 350, messages: 50 } })
})

it('wants all counted anew when limits have changed, and else believes those in the file', async () => {
  await put('1000S\n300 3\n')
  expect(await sizeOf().read(now, { limits: { bytes: 2000, messages: 0 } })).toEqual({
    limits: { bytes: 2000, messages: 0 },
    sums: undefined,
  })
  expect(await sizeOf().read(now, { limits })).toMatchObject({ sums: { bytes: 300, messages: 3 } })
})

it('wants all counted anew before anything is refused, but not again within 15 minutes', async () => {
  const coming = { bytes: 701, messages: 1 }
  const sums = { bytes: 300, messages: 3 }
  await put('1000S\n300 3\n')
  expect(await sizeOf().read(now, { coming })).toEqual({ limits, sums })
  await put('1000S\n300 3\n', 899_000)
  expect(await sizeOf().read(now, { coming })).toEqual({ limits, sums })
  await put('1000S\n300 3\n', 900_000)
  expect(await sizeOf().read(now, { coming })).toEqual({ limits, sums: undefined })
  expect(await sizeOf().read(now, { coming: { bytes: 700, messages: 1 } })).toEqual({ limits, sums })
  await put('1000S\n200 2\n100 1\n')
  expect(await sizeOf().read(now, { coming })).toEqual({ limits, sums: undefined })
  expect(await sizeOf().read(now)).toEqual({ limits, sums })
})

it('keeps the limits of a file that has grown too long, or is damaged', async () => {
  await put(`1000S\n${'1 1\n'.repeat(5000)}`)
  expect(await sizeOf().read(now)).toEqual({ limits, sums: undefined })
  await put('1000S\n1 1 1\n')
  expect(await sizeOf().read(now)).toEqual({ limits, sums: undefined })
  await put('')
  expect(await sizeOf().read(now)).toBeUndefined()
})

it('does not follow a link', async () => {
  await writeFile(join(root, 'other'), '1000S\n1 1\n')
  await symlink('other', join(root, 'maildirsize'))
  await expect(sizeOf().read(now)).rejects.toMatchObject({ code: 'ELOOP' })
  await expect(sizeOf().add({ bytes: 1, messages: 1 })).rejects.toMatchObject({ code: 'ELOOP' })
  await sizeOf().recalculate(limits, { bytes: 2, messages: 2 })
  expect(await sizeOf().read(now)).toEqual({ limits, sums: { bytes: 2, messages: 2 } })
  expect(await readFile(join(root, 'other'), 'latin1')).toBe('1000S\n1 1\n')
})

it('leaves the file as it was, and nothing else, when it cannot be replaced', async () => {
  await put('1000S\n300 3\n')
  for (const call of ['open', 'file.write', 'file.close', 'rename']) {
    const { fileSystem } = faultyFileSystem({ ...nodeFileSystem }, [{ call, error: 'ENOSPC' }])
    const failed = sizeOf(fileSystem).recalculate(limits, { bytes: 1, messages: 1 })
    await expect(failed, call).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await text()).toBe('1000S\n300 3\n')
    expect(await readdir(join(root, 'tmp'))).toEqual([])
  }
})

it('keeps sums that may be wrong from refusing anything', async () => {
  await sizeOf().recalculate(limits, { bytes: 990, messages: 3 }, false)
  expect(await text()).toBe('1000S\n990 3\n0 0\n')
  const question = { limits, coming: { bytes: 11, messages: 1 } }
  expect(await sizeOf().read(Date.now(), question)).toEqual({ limits, sums: undefined })
  expect(await sizeOf().read(Date.now())).toEqual({ limits, sums: { bytes: 990, messages: 3 } })
})

it('adds nothing to a file that has grown too long, and goes when it is removed', async () => {
  const long = `1000S\n${'1 1\n'.repeat(1279)}`
  await put(long)
  await sizeOf().add({ bytes: 1, messages: 1 })
  expect(await text()).toBe(long)
  await put(long.slice(4))
  await sizeOf().add({ bytes: 1, messages: 1 })
  expect(await text()).toBe(`${long.slice(4)}1 1\n`)
  await sizeOf().remove()
  await sizeOf().remove()
  expect(await readdir(root)).toEqual(['tmp'])
})

it('tells when a line could not be added', async () => {
  await put('1000S\n300 3\n')
  const { fileSystem } = faultyFileSystem({ ...nodeFileSystem }, [{ call: 'file.write', error: 'ENOSPC' }])
  await expect(sizeOf(fileSystem).add({ bytes: 1, messages: 1 })).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(await text()).toBe('1000S\n300 3\n')
})
