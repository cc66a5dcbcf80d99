import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Random } from '../../generator/random.ts'
import { Replay } from './replay.ts'
import { readTrace } from './trace.ts'
import { TracedDisk } from './traced-disk.ts'

// A power cut takes what was not synced: the disk that is made from a trace has nothing else.

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-replay-'))
  await mkdir(join(folder, 'before'))
  await writeFile(join(folder, 'before/old'), 'old')
})

afterEach(() => rm(folder, { recursive: true }))

const hex = (text: string): string =>
  `"${[...Buffer.from(text)].map((octet) => `\\x${octet.toString(16).padStart(2, '0')}`).join('')}"`
const root = '/data'
const at = (name: string): string => hex(`${root}/${name}`)

/** What is left of a trace's files: their names with what is in them. */
async function left(lines: readonly string[], luck?: Random): Promise<Readonly<Record<string, string>>> {
  await writeFile(join(folder, 'trace'), `${lines.map((line) => `12 1.000001 ${line}`).join('\n')}\n`)
  const disk = await TracedDisk.from(join(folder, 'before'), root)
  const replay = await Replay.of(process.pid, disk, '/')
  for await (const call of readTrace(join(folder, 'trace'))) replay.see(call)
  const to = join(folder, 'cut')
  await rm(to, { recursive: true, force: true })
  await disk.cut(to, luck)
  const files = (await readdir(to, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  const read = files.map(async ({ parentPath, name }) => [
    name,
    await readFile(join(parentPath, name), 'latin1'),
  ])
  return Object.fromEntries(await Promise.all(read))
}

const create = `openat(AT_FDCWD, ${at('new')}, O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 9001`
const write = `pwrite64(9001, ${hex('hello')}, 5, 0) = 5`
const sync = 'fdatasync(9001) = 0'
const openFolder = `openat(AT_FDCWD, ${hex(root)}, O_RDONLY|O_CLOEXEC) = 9002`
const syncFolder = 'fsync(9002) = 0'

describe('a power cut', () => {
  test('leaves a file whose octets and name were synced', async () => {
    expect(await left([create, write, sync, openFolder, syncFolder])).toEqual({ old: 'old', new: 'hello' })
  })

  test('leaves what was written into a file that was opened for it', async () => {
    const synced = create.replace('O_CLOEXEC', 'O_DSYNC|O_CLOEXEC')
    expect(await left([synced, write, openFolder, syncFolder])).toEqual({ old: 'old', new: 'hello' })
    const unfinished = `pwrite64(9001, ${hex('hello')}, 5, 0 <unfinished ...>`
    expect(await left([synced, unfinished, openFolder, syncFolder])).toEqual({ old: 'old', new: '' })
  })

  test('takes the octets, the name, or both', async () => {
    expect(await left([create, write, openFolder, syncFolder])).toEqual({ old: 'old', new: '' })
    expect(await left([create, write, sync])).toEqual({ old: 'old' })
    expect(await left([create, write, sync, openFolder])).toEqual({ old: 'old' })
  })

  test('takes what was written while a sync was on its way, and what failed', async () => {
    const during = [
      create,
      write,
      'fdatasync(9001 <unfinished ...>',
      `pwrite64(9001, ${hex(' world')}, 6, 5) = 6`,
      '<... fdatasync resumed>) = 0',
      openFolder,
      syncFolder,
    ]
    await expect(left(during)).resolves.toEqual({ old: 'old', new: 'hello' })
    const failed = [
      create,
      write,
      'fdatasync(9001) = -1 EIO (Input/output error) (INJECTED)',
      openFolder,
      syncFolder,
    ]
    expect(await left(failed)).toEqual({ old: 'old', new: '' })
  })

  test('renames in one step', async () => {
    const renamed = [create, write, sync, `rename(${at('new')}, ${at('old')}) = 0`, openFolder]
    expect(await left(renamed)).toEqual({ old: 'old' })
    expect(await left([...renamed, syncFolder])).toEqual({ old: 'hello' })
  })

  test('brings back what was removed, appends where a file ended, and may be lucky', async () => {
    expect(await left([`unlink(${at('old')}) = 0`])).toEqual({ old: 'old' })
    const append = [
      `openat(AT_FDCWD, ${at('old')}, O_WRONLY|O_APPEND) = 9001`,
      `write(9001, ${hex('er')}, 2) = 2`,
      `writev(9001, [{iov_base=${hex(' y')}, iov_len=2}, {iov_base=${hex('et')}, iov_len=2}], 2) = 4`,
    ]
    expect(await left(append)).toEqual({ old: 'old' })
    expect(await left([...append, sync])).toEqual({ old: 'older yet' })
    const seen = new Set<string>()
    for (let seed = 0; seed < 20; seed++) seen.add((await left(append, new Random(seed))).old ?? '')
    expect(seen).toContain('old')
    expect(seen).toContain('older yet')
  })
})
