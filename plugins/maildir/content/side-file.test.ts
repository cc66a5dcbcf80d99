import { appendFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { indexDirectory, partContext } from '../../../test/support/stores/maildir-index.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import type { Reference } from '../index/index-change.ts'
import { SideFile, type SideItem, type SidePlace } from './side-file.ts'

const uidValidity = 1700000000

let directory = ''
let side: SideFile

beforeEach(async () => {
  directory = await indexDirectory()
  side = new SideFile(partContext(), directory, 'side')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const path = (): string => join(directory, 'side')
const item = (uid: number, text = `item ${uid}`): SideItem => ({ uid, content: Buffer.from(text) })
const placesOf = (references: readonly Reference[]): readonly SidePlace[] =>
  references.map(([uid, offset, length]) => ({ uid, offset, length }))
async function read(places: readonly SidePlace[], from = side, validity = uidValidity) {
  const found: (readonly [number, string | undefined])[] = []
  for await (const group of from.read(validity, places))
    for (const [uid, content] of group) found.push([uid, content?.toString()])
  return found
}

describe('a side file', () => {
  it('gives back what was put into it, in the order in which it is asked', async () => {
    const references = [
      ...(await side.append(uidValidity, [item(1), item(2, ''), item(3)])),
      ...(await side.append(uidValidity, [item(7), item(8)])),
    ]
    const places = placesOf(references)
    expect(await read(places)).toEqual([
      [1, 'item 1'],
      [2, ''],
      [3, 'item 3'],
      [7, 'item 7'],
      [8, 'item 8'],
    ])
    expect(await read(places.toReversed())).toEqual((await read(places)).toReversed())
    expect(await read(places.slice(1, 2))).toEqual([[2, '']])
    expect(await read([])).toEqual([])
    expect(await side.size()).toBe((await stat(path())).size)
  })

  it('that is not there has nothing', async () => {
    expect(await read([{ uid: 1, offset: 0, length: 30 }])).toEqual([[1, undefined]])
    expect(await side.size()).toBe(0)
  })

  it('reads what lies together at once, and what is large piece by piece', async () => {
    const faulty = faultyFileSystem<FileSystem>(nodeFileSystem)
    const watched = new SideFile(partContext(faulty.fileSystem), directory, 'side')
    const items = Array.from({ length: 3000 }, (_, at) => item(at + 1, `${at}`.padEnd(1000, 'x')))
    const places = placesOf(await side.append(uidValidity, items))
    expect(await read(places, watched)).toHaveLength(3000)
    const reads = faulty.calls.filter(({ name }) => name === 'file.read').length
    expect(reads).toBeGreaterThan(2)
    expect(reads).toBeLessThan(10)
  })

  it('says for whom it has something: nobody gets what is another’s', async () => {
    const [place] = placesOf(await side.append(uidValidity, [item(5)]))
    if (place === undefined) throw new TypeError('no place')
    expect(await read([{ ...place, uid: 6 }])).toEqual([[6, undefined]])
    expect(await read([place], side, uidValidity + 1)).toEqual([[5, undefined]])
    expect(await read([place])).toEqual([[5, 'item 5']])
  })

  it('has nothing at places that lie beyond it, or are none', async () => {
    await side.append(uidValidity, [item(1), item(2)])
    const size = await side.size()
    for (const [offset, length] of [
      [0, 1],
      [1, size - 1],
      [size, 20],
      [size - 3, 3],
      [1, Number.MAX_SAFE_INTEGER],
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
      [2 ** 40, 2 ** 45],
    ] as const)
      expect(await read([{ uid: 1, offset, length }])).toEqual([[1, undefined]])
  })

  it('of which any octet is another has everything else', async () => {
    const references = await side.append(uidValidity, [item(1), item(2), item(3)])
    const places = placesOf(references)
    const right = await read(places)
    const octets = await readFile(path())
    for (let at = 0; at < octets.length; at++) {
      const damaged = Buffer.from(octets)
      damaged[at] = (damaged[at] ?? 0) ^ 0x10
      await writeFile(path(), damaged)
      const expected = right.map(([uid, text], index) => {
        const { offset = 0, length = 0 } = places[index] ?? {}
        return [uid, at >= offset && at < offset + length ? undefined : text]
      })
      expect(await read(places), `octet ${at}`).toEqual(expected)
    }
  })

  it('goes on behind what a crash has cut, or somebody has put there', async () => {
    const first = placesOf(await side.append(uidValidity, [item(1), item(2)]))
    await truncate(path(), (await side.size()) - 4)
    const second = placesOf(await side.append(uidValidity, [item(3)]))
    await appendFile(path(), 'no frame')
    const third = placesOf(await side.append(uidValidity, [item(4)]))
    expect(await read([...first, ...second, ...third])).toEqual([
      [1, 'item 1'],
      [2, undefined],
      [3, 'item 3'],
      [4, 'item 4'],
    ])
  })
})

describe('replacing it', () => {
  async function* items(...uids: readonly number[]): AsyncGenerator<SideItem> {
    for (const uid of uids) yield item(uid)
  }

  it('leaves only what is to stay; who is reading the old one reads on', async () => {
    const old = placesOf(await side.append(uidValidity, [item(1), item(2), item(3), item(4)]))
    // Each is read by itself, since it lies before the one that was read last.
    const reading = side.read(uidValidity, old.toReversed())
    expect((await reading.next()).value?.[0]?.[0]).toBe(4)
    const places = placesOf(await side.replace(uidValidity, items(2, 4)))
    expect((await reading.next()).value?.[0]?.[1]?.toString()).toBe('item 3')
    await reading.return(undefined)
    expect(await read(places)).toEqual([
      [2, 'item 2'],
      [4, 'item 4'],
    ])
    expect(places.map(({ offset }) => offset)).toEqual([0, places[0]?.length])
    expect(await read(old.slice(3))).toEqual([[4, undefined]])
  })

  it('changes nothing where it fails, and leaves nothing behind', async () => {
    const places = placesOf(await side.append(uidValidity, [item(1), item(2)]))
    for (const call of ['open', 'file.write', 'file.close', 'rename']) {
      const faulty = faultyFileSystem<FileSystem>(nodeFileSystem)
      const failing = new SideFile(partContext(faulty.fileSystem), directory, 'side')
      faulty.fail({ call, error: 'ENOSPC' })
      await expect(failing.replace(uidValidity, items(1))).rejects.toMatchObject({ code: 'ENOSPC' })
      expect(await read(places)).toHaveLength(2)
      const left = await nodeFileSystem.readdir(join(directory, 'tmp'))
      expect(left, call).toEqual([])
    }
  })
})
