import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { partContext } from '../../../test/support/stores/maildir-index.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import { newOwner } from '../files/lock-owner.ts'
import { encodeMessage } from './frame.ts'
import { LogSegment, readSegment, reserve, segmentSize } from './segment.ts'
import { currentBoot, parseSegmentName, segmentName } from './segment-name.ts'

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-log-'))
  path = join(folder, 'segment')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
const context = partContext(fault.fileSystem)
const message = (base: string) => ({ path: 'ann', base, octets: Buffer.from(`${base}\r\n`) })
const append = (segment: LogSegment, ...bases: readonly string[]): Promise<void> =>
  segment.append(bases.flatMap((base) => encodeMessage(segment.generation, message(base))))
const basesIn = async (): Promise<readonly string[]> =>
  (await readSegment(context, path)).map((logged) => ('message' in logged ? logged.message.base : '-'))

describe('a segment', () => {
  it('has its size from the first, and keeps it', async () => {
    const segment = await LogSegment.make(context, path)
    expect([
      (await stat(path)).size,
      segment.isEmpty,
      segment.room('all') - segment.room('messages'),
    ]).toEqual([segmentSize, true, reserve])
    await append(segment, 'a', 'b')
    await append(segment, 'c')
    expect((await stat(path)).size).toBe(segmentSize)
    expect(await basesIn()).toEqual(['a', 'b', 'c'])
    await segment.close()
  })

  it('is used again, and has nothing of what was there before', async () => {
    const segment = await LogSegment.make(context, path)
    await append(segment, 'a', 'b', 'c')
    await segment.reset()
    expect(await basesIn()).toEqual([])
    await append(segment, 'd')
    expect(await basesIn()).toEqual(['d'])
    await segment.close()
  })

  it('ends where a write was cut', async () => {
    const segment = await LogSegment.make(context, path)
    await append(segment, 'a', 'b', 'c')
    await segment.close()
    const octets = await readFile(path)
    const last = octets.lastIndexOf('c\r\n')
    await writeFile(path, octets.fill(0, last))
    expect(await basesIn()).toEqual(['a', 'b'])
  })

  it('is empty where its head is damaged, or it has another size', async () => {
    const segment = await LogSegment.make(context, path)
    await append(segment, 'a')
    await segment.close()
    const octets = await readFile(path)
    for (const damaged of [octets.subarray(0, 20), Buffer.alloc(0), Buffer.alloc(5000, 7)]) {
      await writeFile(path, damaged)
      expect(await basesIn()).toEqual([])
    }
    const digit = octets.indexOf('\n') + 1
    octets.write(octets.toString('latin1', digit, digit + 1) === '0' ? '1' : '0', digit, 'latin1')
    await writeFile(path, octets)
    expect(await basesIn()).toEqual([])
  })

  it('takes no more after a write that failed', async () => {
    const segment = await LogSegment.make(context, path)
    await append(segment, 'a')
    fault.fail({ call: 'file.write' })
    await expect(append(segment, 'b')).rejects.toThrow('EIO')
    expect([segment.room('all'), segment.room('messages')]).toEqual([0, 0])
    expect(await basesIn()).toEqual(['a'])
    await segment.reset()
    await append(segment, 'c')
    expect(await basesIn()).toEqual(['c'])
    await segment.close()
  })

  it('is not there where making it fails', async () => {
    for (let skip = 0, struck = true; struck; skip++) {
      const end = fault.fail({ skip })
      const segment = await LogSegment.make(context, path).catch(() => undefined)
      struck = end()
      await segment?.close()
      if (segment !== undefined) await rm(path)
      else await expect(stat(path), `call ${skip}`).rejects.toThrow('ENOENT')
    }
  })
})

describe('the name of a segment', () => {
  it('tells the run of the machine and the process', () => {
    const owner = newOwner()
    const boot = currentBoot ?? ''
    expect(parseSegmentName(segmentName({ boot, owner }, 12))).toEqual({ boot, owner })
    expect(boot).toMatch(/^[0-9a-f]{12}$/)
  })

  it.each([
    '',
    'recovery.lock',
    'a.b.1',
    '0123456789ab.x.1',
    `0123456789ab.${'0'.repeat(12)}:1:1:0:${'f'.repeat(16)}`,
  ])('is not %j', (name) => {
    expect(parseSegmentName(name)).toBeUndefined()
  })
})
