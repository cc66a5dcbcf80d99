import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Content, readAll } from '../model/content.ts'
import { createSpool, type Spool, type SpoolWriter } from './spool.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-spool-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

const smallLimits = { messageMemory: 100, totalMemory: 150 }

function spool(limits = smallLimits): Spool {
  return createSpool(join(folder, 'spool'), limits)
}

const octets = (length: number, from = 0) =>
  Buffer.from(Array.from({ length }, (_, index) => (from + index) % 251))

async function received(writer: SpoolWriter, chunks: readonly Buffer[]): Promise<Content> {
  for (const chunk of chunks) await writer.write(chunk)
  return writer.finish()
}

async function streamed(content: Content, start?: number, end?: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of content.stream(start, end)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

describe.each([
  ['in memory', 90],
  ['in a file', 300_000],
  ['empty', 0],
])('a message that is kept %s', (_, size) => {
  test('is read back as it was received, whole and in ranges', async () => {
    const all = octets(size)
    const writer = spool().receive()
    const content = await received(writer, [all.subarray(0, 30), all.subarray(30, 31), all.subarray(31)])
    expect(writer.size).toBe(size)
    expect(content.size).toBe(size)
    expect((await readAll(content)).equals(all)).toBe(true)
    expect((await streamed(content)).equals(all)).toBe(true)
    for (const [start, end] of [
      [0, 10],
      [5, 5],
      [7, 3],
      [-5, 5],
      [size - 5, size + 5],
      [size + 1, size + 9],
    ] as const) {
      const range = all.subarray(Math.max(0, start), Math.max(0, start, end))
      expect((await content.read(start, end)).equals(range), `read ${start} to ${end}`).toBe(true)
      expect((await streamed(content, start, end)).equals(range), `stream ${start} to ${end}`).toBe(true)
    }
    await writer.dispose()
    await writer.dispose()
  })
})

describe('memory', () => {
  const files = () => readdir(join(folder, 'spool')).catch(() => [])

  test('is shared by all messages, and given back', async () => {
    const shared = spool()
    const first = shared.receive()
    await received(first, [octets(100)])
    const second = shared.receive()
    await received(second, [octets(50)])
    expect(await files()).toEqual([])
    // The folder is made with the first file, and a file has no name.
    const third = shared.receive()
    await received(third, [octets(10)])
    await expect(readdir(join(folder, 'spool'))).resolves.toEqual([])
    expect((await stat(join(folder, 'spool'))).mode & 0o777).toBe(0o700)
    await Promise.all([first.dispose(), second.dispose(), third.dispose()])
    await rm(join(folder, 'spool'), { recursive: true })
    const fourth = shared.receive()
    await received(fourth, [octets(100)])
    await expect(readdir(join(folder, 'spool'))).rejects.toMatchObject({ code: 'ENOENT' })
    await fourth.dispose()
  })

  test('is for small messages only, however much of it there is', async () => {
    const ample = spool({ messageMemory: 100, totalMemory: 1_000_000 })
    const small = ample.receive()
    await received(small, [octets(60), octets(40)])
    await expect(readdir(join(folder, 'spool'))).rejects.toMatchObject({ code: 'ENOENT' })
    const large = ample.receive()
    await received(large, [octets(60), octets(41)])
    await expect(readdir(join(folder, 'spool'))).resolves.toEqual([])
    await Promise.all([small.dispose(), large.dispose()])
  })

  test('is given back when a message moves into a file', async () => {
    const shared = spool()
    const large = shared.receive()
    await received(large, [octets(90), octets(90)])
    await rm(join(folder, 'spool'), { recursive: true })
    const small = shared.receive()
    await received(small, [octets(100)])
    await expect(readdir(join(folder, 'spool'))).rejects.toMatchObject({ code: 'ENOENT' })
    await Promise.all([large.dispose(), small.dispose()])
  })

  test('many small chunks come back in their order', async () => {
    const all = octets(20_000)
    const chunks: Buffer[] = []
    for (let at = 0, length = 1; at < all.length; at += length, length = (length * 7) % 3_001)
      chunks.push(all.subarray(at, at + length))
    for (const limits of [smallLimits, { messageMemory: 1_000_000, totalMemory: 1_000_000 }]) {
      const writer = spool(limits).receive()
      expect((await readAll(await received(writer, chunks))).equals(all)).toBe(true)
      await writer.dispose()
    }
  })

  test('a chunk that its sender changes afterwards is safe when it was small', async () => {
    const writer = spool().receive()
    const chunk = octets(10)
    await writer.write(chunk)
    chunk.fill(0)
    expect((await readAll(await writer.finish())).equals(octets(10))).toBe(true)
    await writer.dispose()
  })
})

test('the room on the disk is known before there is a folder, and where there is none at all', async () => {
  expect(await createSpool(join(folder, 'to be made')).room()).toBeGreaterThan(0)
  expect(await createSpool('/nowhere/at/all').room()).toBe(Number.POSITIVE_INFINITY)
})

test('there is no room where no more files can be made', async () => {
  const free = { bavail: 1_000, blocks: 10_000, bsize: 512 }
  const room = (ffree: number, files: number) =>
    createSpool(folder, undefined, async () => ({ ...free, files, ffree })).room()
  expect(await room(100, 1_000_000)).toBe(512_000)
  expect(await room(99, 1_000_000)).toBe(0)
  expect(await room(10, 1_000), 'of a small disk').toBe(512_000)
  expect(await room(9, 1_000)).toBe(0)
})

describe('trouble', () => {
  test('a folder that cannot be had is "not now", and the writer is disposed of', async () => {
    await writeFile(join(folder, 'spool'), 'a file in its place')
    const shared = spool()
    const writer = shared.receive()
    await writer.write(octets(100))
    await expect(writer.write(octets(100))).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    await expect(writer.write(octets(1))).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    await expect(writer.finish()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    // Its memory is free again.
    const other = shared.receive()
    await received(other, [octets(100)])
    await other.dispose()
  })

  test('a client that leaves while the file is being opened leaves nothing open', async () => {
    const writer = spool().receive()
    const written = writer.write(octets(200))
    await writer.dispose()
    await expect(written).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  })

  test('what a crash left in the folder is in nobody’s way', async () => {
    await mkdir(join(folder, 'spool'))
    for (let number = 0; number < 5; number++)
      await writeFile(join(folder, 'spool', `${process.pid}.${number}`), 'left')
    const writer = spool().receive()
    expect((await readAll(await received(writer, [octets(200)]))).equals(octets(200))).toBe(true)
    await writer.dispose()
  })

  test('a stream that nobody reads to its end does not keep the file open', async () => {
    const writer = spool().receive()
    const content = await received(writer, [octets(300_000)])
    for (let count = 0; count < 20; count++) {
      for await (const chunk of content.stream()) {
        expect((chunk as Buffer).length).toBeGreaterThan(0)
        break
      }
    }
    content.stream().resume().pause()
    await writer.dispose()
    await expect(content.read(0, 10)).rejects.toThrow()
  })
})
