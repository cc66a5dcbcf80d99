import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemCode } from 'mailwright/disk'
import { capturedLog } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FileStatus, nodeFileSystem } from '../files/file-system.ts'
import type { FileOctets, MeasuredFile } from './file-batch-answers.ts'
import { FileBatchThread, filesProgram } from './file-batch-thread.ts'
import { FileBatchThreads } from './file-batch-threads.ts'
import { type FileBatches, type FilePair, fileBatches, firstFailure } from './file-batches.ts'

let folder: string
const at = (name: string | number): string => join(folder, String(name))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-batches-'))
  await mkdir(at('to'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** The thread is there when it has done something. */
async function ready(batches: FileBatches): Promise<FileBatches> {
  await batches.unlink(Array.from({ length: 30 }, () => at('none')))
  return batches
}

/** What the system has where it has no thread left. */
const noThreads = (): FileBatchThreads =>
  new FileBatchThreads(
    () => new FileBatchThread({ ...filesProgram, entry: new URL('https://mail.example.org/') }),
  )

/** Makes so many files; answers a pair for each, to the same name in `to`. */
async function pairs(count: number): Promise<readonly FilePair[]> {
  const names = Array.from({ length: count }, (_, number) => String(number))
  for (const name of names) await writeFile(at(name), name)
  return names.map((name) => [at(name), join(at('to'), name)])
}

describe.each<[string, () => FileBatches | Promise<FileBatches>]>([
  ['by a thread', () => ready(fileBatches(nodeFileSystem))],
  ['by a thread that is not there yet', () => fileBatches(nodeFileSystem)],
  ['by no thread where none can be started', () => fileBatches(nodeFileSystem, undefined, noThreads())],
  ['call by call', () => fileBatches({ ...nodeFileSystem })],
])('operations on files, %s', (_, make) => {
  // The thread takes only so many; 1,200 are more than one task.
  it.each([0, 3, 100, 1200])('are done for all of %i', async (count) => {
    const batches = await make()
    const all = await pairs(count)
    const nothing = Array.from({ length: count }, () => undefined)
    expect(await batches.link(all)).toEqual(nothing)
    for (const [from, to] of all.slice(0, 5)) expect((await stat(from)).ino).toBe((await stat(to)).ino)
    expect(await batches.unlink(all.map(([from]) => from))).toEqual(nothing)
    expect(await batches.rename(all.map(([from, to]) => [to, from]))).toEqual(nothing)
    expect(await readdir(at('to'))).toEqual([])
    for (const [from] of all.slice(0, 5))
      expect(await readFile(from, 'utf8')).toBe(from.slice(folder.length + 1))
  })

  it('tell what failed, and how, and do the rest', async () => {
    const batches = await make()
    const all = await pairs(60)
    await rm(at(7))
    await writeFile(join(at('to'), '9'), 'there already')
    const outcomes = await batches.link([...all, [at(1), at('nowhere/x')]])
    const codes = outcomes.flatMap((outcome, index) =>
      outcome === undefined ? [] : [[index, systemCode(outcome)]],
    )
    expect(codes).toEqual([
      [7, 'ENOENT'],
      [9, 'EEXIST'],
      [60, 'ENOENT'],
    ])
    expect(systemCode(firstFailure(outcomes))).toBe('ENOENT')
    expect(firstFailure([undefined])).toBeUndefined()
    expect(await readdir(at('to'))).toHaveLength(59)
    const removed = await batches.unlink([...all.map(([, to]) => to)])
    expect(removed.filter((outcome) => outcome !== undefined)).toHaveLength(1)
    const renamed = await batches.rename(all)
    expect(renamed.filter((outcome) => outcome !== undefined).map(systemCode)).toEqual(['ENOENT'])
  })

  it('of several at once do not get in each other’s way', async () => {
    const batches = await make()
    const all = await pairs(900)
    const parts = [all.slice(0, 300), all.slice(300, 600), all.slice(600)]
    const outcomes = await Promise.all(parts.map((part) => batches.rename(part)))
    expect(outcomes.flat().every((outcome) => outcome === undefined)).toBe(true)
    expect(await readdir(at('to'))).toHaveLength(900)
  })

  it('look at what is there, links as such', async () => {
    const batches = await make()
    await pairs(3)
    await symlink(at(0), at('link'))
    const paths = [at(0), at('to'), at('none'), at('link'), at(2)]
    const results = await batches.status(paths)
    expect(results.map(told)).toEqual(['file', 'directory', 'ENOENT', 'other', 'file'])
    const { dev, ino, size, mtimeMs, ctimeMs, birthtimeMs } = await stat(at(2))
    expect(results[4]).toMatchObject({ value: { dev, ino, size, mtimeMs, ctimeMs, birthtimeMs } })
    expect((await batches.status(paths.slice(1, 3))).map(told)).toEqual(['directory', 'ENOENT'])
    expect(await batches.status([])).toEqual([])
  })

  it('read plain files that are not too large, and follow no link', async () => {
    const batches = await make()
    await pairs(700)
    await writeFile(at(3), 'four')
    await writeFile(at(4), '')
    await symlink(at(0), at('link'))
    await promisify(execFile)('mkfifo', [at('fifo')])
    const paths = [at(650), at(3), at('none'), at('to'), at('link'), at('fifo'), at(4), at(1)]
    const results = await batches.read(paths, 3)
    expect(results.map(told)).toEqual([
      'file',
      'file',
      'ENOENT',
      'directory',
      'ELOOP',
      'other',
      'file',
      'file',
    ])
    const texts = results.map((result) => ('value' in result ? result.value.octets?.toString() : undefined))
    expect(texts).toEqual(['650', undefined, undefined, undefined, undefined, undefined, '', '1'])
    const many = await batches.read(
      Array.from({ length: 700 }, (_, number) => at(number)),
      4,
    )
    expect(many.map((result) => ('value' in result ? result.value.octets?.toString() : undefined))).toEqual(
      Array.from({ length: 700 }, (_, number) =>
        number === 3 ? 'four' : number === 4 ? '' : String(number),
      ),
    )
  })

  it('read messages with CRLF, whatever line ends they have', async () => {
    const batches = await make()
    const all = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet))
    const without = Buffer.concat([all.subarray(0, 13), all.subarray(14)])
    const files = [Buffer.from('a\nb\r\nc\n'), Buffer.from('a\r\nb\r\n'), Buffer.from(''), without, all]
    for (const [number, octets] of files.entries()) await writeFile(at(number), octets)
    const results = await batches.readCrlf([...files.keys(), 'none'].map(at), 256)
    expect(results.map(told)).toEqual([...files.map(() => 'file'), 'ENOENT'])
    const read = results.flatMap((result) => ('value' in result ? [result.value] : []))
    expect(read.map(({ status }) => status.size)).toEqual(files.map(({ length }) => length))
    expect(read.slice(0, 3).map(({ octets }) => octets?.toString())).toEqual([
      'a\r\nb\r\nc\r\n',
      'a\r\nb\r\n',
      '',
    ])
    const withCr = (octets: Buffer) =>
      Buffer.concat([octets.subarray(0, 10), Buffer.of(13), octets.subarray(10)])
    for (const [index, octets] of [without, all].entries())
      expect(read[index + 3]?.octets?.equals(withCr(octets))).toBe(true)
  })

  it.each([5, 60])('measure plain files, %i of them, and follow no link', async (count) => {
    const batches = await make()
    await pairs(count)
    await writeFile(at(1), 'a\nb\r\nc\n')
    await writeFile(at(2), '')
    await writeFile(at(3), Buffer.alloc(300_000, 'x\n'))
    // The two octets of a line end lie in different pieces.
    await writeFile(at(4), `${'x'.repeat(256 * 1024 - 1)}\r\n\n`)
    await symlink(at(0), at('link'))
    await promisify(execFile)('mkfifo', [at('fifo')])
    const plain = Array.from({ length: count }, (_, number) => at(number))
    const results = await batches.measure([at('none'), at('to'), at('link'), at('fifo'), ...plain])
    expect(results.map(told)).toEqual(['ENOENT', 'directory', 'other', 'other', ...plain.map(() => 'file')])
    const octets = results.map((result) => ('value' in result ? result.value.crlfOctets : undefined))
    expect(octets.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined])
    expect(octets.slice(4, 9)).toEqual([1, 9, 0, 450_000, 256 * 1024 + 3])
    expect(await batches.measure([])).toEqual([])
  })

  it('make new files with their octets, and follow no link', async () => {
    const batches = await make()
    await symlink(at('elsewhere'), at('link'))
    await writeFile(at('there'), 'already')
    const texts = ['', 'a', 'b'.repeat(100_000), ...Array.from({ length: 600 }, (_, number) => `${number}`)]
    const files = texts.map((text, number) => ({ path: at(number), octets: Buffer.from(text) }))
    const octets = Buffer.from('new')
    const all = [...files, ...['link', 'there', 'nowhere/x'].map((name) => ({ path: at(name), octets }))]
    const outcomes = await batches.create(all)
    expect(outcomes.slice(0, -3).filter((outcome) => outcome !== undefined)).toEqual([])
    expect(outcomes.slice(-3).map(systemCode)).toEqual(['EEXIST', 'EEXIST', 'ENOENT'])
    for (const { path, octets: wanted } of files) expect((await readFile(path)).equals(wanted)).toBe(true)
    expect((await stat(at(0))).mode & 0o777).toBe(0o600)
    expect(await readFile(at('there'), 'utf8')).toBe('already')
    expect(await readdir(folder)).not.toContain('elsewhere')
    // They were copied.
    expect(octets.toString()).toBe('new')
  })

  it('sync what is there', async () => {
    const batches = await make()
    await writeFile(at('a'), 'a')
    await symlink(at('a'), at('link'))
    const outcomes = await batches.sync(['a', 'none', 'link', 'a'].map(at))
    expect(outcomes.map((outcome) => outcome && systemCode(outcome))).toEqual([
      undefined,
      'ENOENT',
      'ELOOP',
      undefined,
    ])
  })

  it('go on after the end', async () => {
    const batches = await make()
    await pairs(3)
    for (let round = 0; round < 2; round++) {
      expect((await batches.status([at(0), at(1), at(2)])).map(told)).toEqual(['file', 'file', 'file'])
      batches.end()
    }
  })
})

/** What kind of file there is, or why that is not known. */
function told(result: PromiseSettledResult<FileStatus | FileOctets | MeasuredFile>): string | undefined {
  if (result.status === 'rejected') return systemCode(result.reason)
  const status = 'status' in result.value ? result.value.status : result.value
  return status.isFile() ? 'file' : status.isDirectory() ? 'directory' : 'other'
}

it('errors of a thread are as the file system has them', async () => {
  const [from, to] = [at('none'), join(at('to'), 'x')]
  const batches = await ready(fileBatches(nodeFileSystem))
  const outcomes = await batches.rename(Array.from({ length: 30 }, () => [from, to]))
  expect(outcomes[29]).toMatchObject({ code: 'ENOENT', syscall: 'rename', path: from, dest: to })
  const [looked] = await batches.status([from, from, from])
  expect(looked).toMatchObject({ reason: { code: 'ENOENT', syscall: 'lstat', path: from } })
  batches.end()
})

it('are told of once where no thread can be started for them', async () => {
  const log = capturedLog()
  const batches = fileBatches(nodeFileSystem, log, noThreads())
  batches.expect()
  for (let round = 0; round < 2; round++) await ready(batches)
  expect(log.lines).toMatchObject([{ level: 'warn', event: 'unavailable' }])
})
