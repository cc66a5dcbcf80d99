import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemCode } from './disk-errors.ts'
import { type FileBatches, type FilePair, fileBatches, firstFailure } from './file-batches.ts'
import { nodeFileSystem } from './file-system.ts'

let folder: string
const at = (name: string | number): string => join(folder, String(name))

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-batches-'))
  await mkdir(at('to'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Makes so many files; answers a pair for each, to the same name in `to`. */
async function pairs(count: number): Promise<readonly FilePair[]> {
  const names = Array.from({ length: count }, (_, number) => String(number))
  for (const name of names) await writeFile(at(name), name)
  return names.map((name) => [at(name), join(at('to'), name)])
}

describe.each<[string, () => FileBatches]>([
  ['by a thread', () => fileBatches(nodeFileSystem)],
  ['call by call', () => fileBatches({ ...nodeFileSystem })],
])('operations on files, %s', (_, make) => {
  // The thread takes only so many; 1,200 are more than one task.
  it.each([0, 3, 100, 1200])('are done for all of %i', async (count) => {
    const batches = make()
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
    const batches = make()
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
    const batches = make()
    const all = await pairs(900)
    const parts = [all.slice(0, 300), all.slice(300, 600), all.slice(600)]
    const outcomes = await Promise.all(parts.map((part) => batches.rename(part)))
    expect(outcomes.flat().every((outcome) => outcome === undefined)).toBe(true)
    expect(await readdir(at('to'))).toHaveLength(900)
  })
})
