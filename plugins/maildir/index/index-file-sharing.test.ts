import { readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { interferedFiles, systemError } from '../../../test/support/faults/failing-files.ts'
import {
  addition,
  indexDirectory,
  partContext,
  told,
  writtenIndex,
} from '../../../test/support/stores/maildir-index.ts'
import { type FileStatus, type FileSystem, nodeFileSystem, type OpenFile } from '../files/file-system.ts'
import { IndexFile, indexFileName } from './index-file.ts'

let path = ''

beforeEach(async () => {
  path = await indexDirectory()
})
afterEach(() => rm(path, { recursive: true, force: true }))

const file = (): string => join(path, indexFileName)
const uids = (index: IndexFile): readonly number[] | undefined =>
  index.table?.records.map(({ entry: { uid } }) => uid)
const isChange = (name: string): boolean => ['file.write', 'file.truncate', 'file.datasync'].includes(name)

/** Files of which every new one gets the inode that was given up last, as many file systems do. */
function oneInode(): FileSystem {
  const same = async (status: Promise<FileStatus>): Promise<FileStatus> =>
    Object.assign(await status, { ino: 7 })
  return {
    ...nodeFileSystem,
    lstat: (name) => same(nodeFileSystem.lstat(name)),
    open: async (...words) => {
      const opened = await nodeFileSystem.open(...words)
      const stat = opened.stat.bind(opened)
      return Object.assign(opened, { stat: () => same(stat()) }) as OpenFile
    },
  }
}

describe('an index that others replaced by one with the same inode', () => {
  it.each([
    ['that is longer', 9],
    ['that is shorter', 1],
  ])('%s is read from its start', async (_, count) => {
    await writtenIndex(path, 4)
    const reader = new IndexFile(partContext(oneInode()), path)
    await reader.refresh()
    const other = await writtenIndex(path, count)
    if (other.table !== undefined) await other.replace(other.table)
    await other.append({ modSequence: 20, added: [addition(count + 1)] })
    expect(told(await reader.refresh())).toEqual(told(other.table))
    expect(uids(reader)).toHaveLength(count + 1)
  })

  it('and the same size is read from its start', async () => {
    const write = async (uid: number): Promise<IndexFile> => {
      const index = await writtenIndex(path, 2)
      await index.append({ modSequence: 4, altered: [[uid, 'cur/:2,FS', []]] })
      return index
    }
    await write(1)
    const reader = new IndexFile(partContext(oneInode()), path)
    await reader.refresh()
    const { size } = await stat(file())
    const index = await write(2)
    // Later than within a tick of the file system's clock.
    await utimes(file(), new Date(), new Date(Date.now() + 50))
    expect((await stat(file())).size).toBe(size)
    expect(told(await reader.refresh())).toEqual(told(index.table))
  })
})

describe('a change that failed', () => {
  it('and was read by others who look again much later does not confuse them', async () => {
    await writtenIndex(path, 2)
    const other = new IndexFile(partContext(), path)
    let fails = true
    const files = interferedFiles(nodeFileSystem, async (call) => {
      if (!fails || call.name !== 'file.datasync' || !call.path.endsWith(indexFileName)) return
      await other.refresh()
      if (other.table?.records.length !== 3) return
      fails = false
      throw systemError('EIO', call)
    })
    const index = new IndexFile(partContext(files), path)
    await index.refresh()
    const change = { modSequence: 9, uidNext: 4, added: [addition(3)] }
    await expect(index.append(change)).rejects.toThrow('EIO')
    expect(uids(other)).toEqual([1, 2, 3])
    for (let uid = 4; uid < 9; uid++) await index.append({ modSequence: uid + 6, added: [addition(uid)] })
    const fresh = new IndexFile(partContext(), path)
    expect(told(await other.refresh())).toEqual(told(await fresh.refresh()))
    expect(uids(fresh)).toEqual([1, 2, 4, 5, 6, 7, 8])
    // A client of the other may have been told of the mod-sequence 9, and with it of UID 3.
    expect(fresh.table?.vanishedSince(9)).toBeUndefined()
    for (const { modSequence } of fresh.table?.entries ?? []) expect(modSequence).toBeGreaterThan(9)
  })

  it('by half is none, and nobody has to look at what did not change', async () => {
    await writtenIndex(path, 2)
    let full = true
    const files = interferedFiles(nodeFileSystem, (call) => {
      if (!full || call.name !== 'file.write' || !call.path.endsWith(indexFileName)) return
      full = false
      throw systemError('ENOSPC', call)
    })
    const index = new IndexFile(partContext(files), path)
    await index.refresh()
    const { entries } = index.table ?? { entries: [] }
    const change = { modSequence: 4, uidNext: 4, added: [addition(3)] }
    await expect(index.append(change)).rejects.toThrow('ENOSPC')
    expect(index.table?.entries).toEqual(entries)
    expect(index.table?.vanishedSince(3)).toEqual([])
  })

  it('gives no UID again that others may have read, wherever a crash ends its undoing', async () => {
    for (let left = 0; left < 4; left++) {
      await writtenIndex(path, 2)
      let calls = 0
      const files = interferedFiles(nodeFileSystem, (call) => {
        if (!isChange(call.name) || !call.path.endsWith(indexFileName)) return
        calls += 1
        // The first is the look at the index, the second its write.
        if (calls === 3 || calls > 3 + left) throw systemError('EIO', call)
      })
      const index = new IndexFile(partContext(files), path)
      await index.refresh()
      const change = { modSequence: 9, uidNext: 4, added: [addition(3)] }
      await expect(index.append(change)).rejects.toThrow('EIO')
      const fresh = new IndexFile(partContext(), path)
      await fresh.refresh()
      await fresh.mend()
      expect(fresh.table?.uidNext, `${left} calls after the failure`).toBeGreaterThan(3)
      expect(fresh.table?.modSequence).toBeGreaterThanOrEqual(9)
      await rm(file())
    }
  })
})

describe('a last frame that is damaged', () => {
  it('gives no UID again that it had given, wherever a crash ends its mending', async () => {
    for (let left = 0; left < 4; left++) {
      await writtenIndex(path, 3)
      const octets = await readFile(file())
      octets[octets.length - 20] = 0
      await writeFile(file(), octets)
      let calls = 0
      const files = interferedFiles(nodeFileSystem, (call) => {
        if (isChange(call.name) && call.path.endsWith(indexFileName) && calls++ > left)
          throw systemError('EIO', call)
      })
      const index = new IndexFile(partContext(files), path)
      await index.refresh()
      await index.mend().catch(() => undefined)
      for (let round = 0; round < 2; round++) {
        const fresh = new IndexFile(partContext(), path)
        await fresh.refresh()
        await fresh.mend()
        expect(uids(fresh)).toEqual([1, 2])
        expect(fresh.table?.uidNext, `${left} calls`).toBeGreaterThan(3)
        expect(fresh.table?.modSequence).toBeGreaterThan(4)
        expect(fresh.table?.vanishedSince(3), 'what it told may be anything').toBeUndefined()
      }
      await rm(file())
    }
  })
})

it('is damaged where it is larger than any can be', async () => {
  const index = await writtenIndex(path, 2)
  await truncate(file(), 2 ** 42)
  for (const each of [index, new IndexFile(partContext(), path)]) {
    expect(await each.refresh()).toBeUndefined()
    expect(each.fault).toBe('damaged')
  }
  expect(index.lastUidValidity).toBe(1700000000)
})
