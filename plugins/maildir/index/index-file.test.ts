import { appendFile, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  addition,
  indexDirectory,
  partContext,
  told,
  writtenIndex,
} from '../../../test/support/stores/maildir-index.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { IndexFile, indexFileName } from './index-file.ts'
import { encodeFrame } from './index-frame.ts'

let path = ''

beforeEach(async () => {
  path = await indexDirectory()
})
afterEach(() => rm(path, { recursive: true, force: true }))

const file = (): string => join(path, indexFileName)

const written = (count: number): Promise<IndexFile> => writtenIndex(path, count)

describe('an index', () => {
  it('is read as it was written, by who wrote it and by others, changes and snapshot', async () => {
    const index = await written(3)
    const other = new IndexFile(partContext(), path)
    await other.refresh()
    await index.append({ modSequence: 9, altered: [[2, 'cur/:2,FS', ['Junk', '$Forwarded']]] })
    await index.append({ modSequence: 10, removed: [1], leaving: ['1.a.host,S=10,W=12'] })
    await index.append({ arriving: ['5.x:2,S'] })
    await index.append({ summaries: [[3, 100, 20]], signatures: [[3, 7, 8]], moved: [[3, 'new/']] })
    await index.append({
      modSequence: 11,
      added: [[7, 'ü/'.slice(0, 1), 'cur/:2,', 1, -5, 0, ['Ä'.normalize()], 'uidl-7']],
      emailIds: [[7, '1.of-another']],
    })
    expect(index.table?.byUid(7)?.entry.id).toBe('1.of-another')
    expect(told(await other.refresh())).toEqual(told(index.table))
    expect(told(await new IndexFile(partContext(), path).refresh())).toEqual(told(index.table))
    expect(index.table?.uidNext).toBe(8)
    expect(index.table?.vanishedSince(9)).toEqual([1])
    expect(index.table?.vanishedSince(10)).toEqual([])
    if (index.table !== undefined) await index.replace(index.table)
    expect(told(await other.refresh())).toEqual(told(index.table))
  })

  it('is folded when changes outgrow it, and stays the same', async () => {
    const index = await written(1)
    const added = Array.from({ length: 5000 }, (_, at) => addition(at + 2))
    expect(index.isLong).toBe(false)
    await index.append({ modSequence: 3, added })
    expect(index.isLong).toBe(true)
    expect(told(await new IndexFile(partContext(), path).refresh())).toEqual(told(index.table))
    await index.fold()
    expect(index.isLong).toBe(false)
    expect((await stat(file())).size).toBeLessThan(600_000)
    expect((await readFile(file())).subarray(8, 9).toString()).toBe('S')
    expect(told(await new IndexFile(partContext(), path).refresh())).toEqual(told(index.table))
    expect(index.table?.records).toHaveLength(5001)
  })

  it('is folded at once when nobody folds it for long', async () => {
    const index = await written(1)
    let uid = 2
    const files = new Set<number>()
    for (let round = 0; round < 20; round++) {
      const added = Array.from({ length: 3000 }, () => addition(uid++))
      await index.append({ modSequence: 3 + round, added })
      files.add((await stat(file())).ino)
    }
    expect(files.size).toBe(2)
    expect(told(await new IndexFile(partContext(), path).refresh())).toEqual(told(index.table))
  })

  it('has lists that do not change under who holds them', async () => {
    const index = await written(2)
    const entries = index.table?.entries
    const copy = structuredClone(entries)
    await index.append({ modSequence: 4, altered: [[1, 'cur/:2,', ['x']]], removed: [2] })
    expect(entries).toEqual(copy)
    expect(index.table?.entries.map(({ uid, flags, modSequence }) => [uid, flags, modSequence])).toEqual([
      [1, ['x'], 4],
    ])
  })
})

describe('a write that was cut', () => {
  it('is no change, whatever is left of it; what it may have given is not given again', async () => {
    await written(2)
    const whole = await readFile(file())
    const before = told(await new IndexFile(partContext(), path).refresh())
    const frame = encodeFrame('C', Buffer.from(JSON.stringify({ modSequence: 4, added: [addition(3)] })))
    for (const length of [1, 4, 8, 9, 20, frame.length - 1]) {
      await writeFile(file(), Buffer.concat([whole, frame.subarray(0, length)]))
      const reader = new IndexFile(partContext(), path)
      expect(told(await reader.refresh())).toEqual(before)
      await reader.mend()
      const uidNext = reader.table?.uidNext ?? 0
      expect(uidNext).toBeGreaterThanOrEqual(3 + length)
      await reader.append({ modSequence: 100, added: [addition(uidNext)] })
      expect(told(await new IndexFile(partContext(), path).refresh())).toEqual(told(reader.table))
    }
  })

  it('by somebody who goes on is read when it is whole', async () => {
    await written(2)
    const whole = await readFile(file())
    const reader = new IndexFile(partContext(), path)
    const frame = encodeFrame('C', Buffer.from(JSON.stringify({ modSequence: 4, added: [addition(3)] })))
    for (let length = 1; length < frame.length; length += 7) {
      await writeFile(file(), Buffer.concat([whole, frame.subarray(0, length)]), { flag: 'r+' })
      expect((await reader.refresh())?.uidNext).toBe(3)
    }
    await writeFile(file(), Buffer.concat([whole, frame]), { flag: 'r+' })
    expect((await reader.refresh())?.uidNext).toBe(4)
  })
})

describe('damage', () => {
  it('of any octet is noticed, or takes only the last change with it', async () => {
    const index = await written(4)
    const octets = await readFile(file())
    const right = told(index.table)
    for (let at = 0; at < octets.length; at += 3) {
      const damaged = Buffer.from(octets)
      damaged[at] = (damaged[at] ?? 0) ^ 0x55
      await writeFile(file(), damaged)
      const reader = new IndexFile(partContext(), path)
      const table = await reader.refresh().catch(() => undefined)
      if (table === undefined) continue
      expect(told(table)).not.toEqual(right)
      expect(table.records.length).toBe(3)
      await reader.mend()
      expect(table.uidNext, 'UID 4 is not given again').toBeGreaterThan(4)
    }
  })

  it('of the whole file is not believed, and the last UIDVALIDITY is known', async () => {
    const index = await written(2)
    for (const octets of ['', 'x', '\0'.repeat(100), 'S'.repeat(5000)]) {
      await writeFile(file(), octets)
      const reader = new IndexFile(partContext(), path)
      expect(await reader.refresh()).toBeUndefined()
      expect(reader.fault).toBe('damaged')
    }
    index.forget()
    expect(await index.refresh()).toBeUndefined()
    expect(index.lastUidValidity).toBe(1700000000)
    await rm(file())
    expect(await index.refresh()).toBeUndefined()
    expect(index.fault).toBe('missing')
  })

  it('by a later version is none: MAIL_E_UNAVAILABLE', async () => {
    await writeFile(file(), encodeFrame('S', Buffer.from('{"version":2,"else":1}\n')))
    await expect(new IndexFile(partContext(), path).refresh()).rejects.toMatchObject({
      code: 'MAIL_E_UNAVAILABLE',
    })
  })

  it('that is a hostile but whole frame changes nothing and breaks nothing', async () => {
    const changes: unknown[] = [
      null,
      5,
      [],
      { added: [[1, '../x', 'cur/', 1, 1, 1, []]] },
      { added: [[1, 'x', '/etc/', 1, 1, 1, []]] },
      { added: 'x' },
      { removed: [-1] },
      { arriving: ['../../x'] },
      { summaries: [[1, -1, 5]] },
      { modSequence: 1e300 },
    ]
    for (const change of changes) {
      await written(1)
      await appendFile(file(), encodeFrame('C', Buffer.from(JSON.stringify(change))))
      const reader = new IndexFile(partContext(), path)
      const table = await reader.refresh()
      if (table !== undefined) expect(table.records.map(({ base }) => base)).toEqual(['1.a.host,S=10,W=12'])
      await rm(file())
    }
  })
})

describe('a write that fails', () => {
  it.each(['ENOSPC', 'EIO'])('with %s changes nothing, and the next one works', async (error) => {
    await written(2)
    for (const call of ['file.write', 'file.datasync', 'open']) {
      const faulty = faultyFileSystem<FileSystem>(nodeFileSystem)
      const index = new IndexFile(partContext(faulty.fileSystem), path)
      const before = (await index.refresh())?.records.length
      const uid = index.table?.uidNext ?? 0
      faulty.fail({ call, error })
      const change = { modSequence: 50, uidNext: uid + 1, added: [addition(uid)] }
      await expect(index.append(change)).rejects.toMatchObject({ code: error })
      const after = await index.refresh()
      expect(after?.records).toHaveLength(before ?? 0)
      const next = after?.uidNext ?? 0
      await index.append({ modSequence: 60, added: [addition(next)] })
      expect(told(await new IndexFile(partContext(), path).refresh())).toEqual(told(index.table))
    }
  })

  it('gives no UID again that others may have read', async () => {
    await written(2)
    const faulty = faultyFileSystem<FileSystem>(nodeFileSystem)
    const index = new IndexFile(partContext(faulty.fileSystem), path)
    await index.refresh()
    const other = new IndexFile(partContext(), path)
    await other.refresh()
    faulty.fail({ call: 'file.datasync', error: 'EIO' })
    await expect(index.append({ modSequence: 9, uidNext: 4, added: [addition(3)] })).rejects.toThrow('EIO')
    for (const each of [index, other, new IndexFile(partContext(), path)])
      expect((await each.refresh())?.uidNext).toBe(4)
  })

  it('is not needed to go on reading', async () => {
    const index = await written(2)
    const handle = await open(file(), 'r')
    await handle.close()
    await truncate(file(), (await stat(file())).size - 1)
    expect((await index.refresh())?.records).toHaveLength(1)
  })
})
