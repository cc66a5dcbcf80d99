import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fakeClock, faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { logSegments } from '../../../test/support/stores/delivery-logs.ts'
import { partContext } from '../../../test/support/stores/maildir-index.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { DeliveryLog } from './delivery-log.ts'
import type { LogEntry } from './entries.ts'
import { LogSegments } from './segments.ts'

let root = ''
const clock = fakeClock(Date.now())
const boot = 'b'.repeat(12)

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-log-'))
  for (const directory of ['new', 'cur']) await mkdir(join(root, 'ann', directory), { recursive: true })
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function openLog(files: FileSystem = unsyncedFiles(nodeFileSystem)): Promise<DeliveryLog> {
  const log = new DeliveryLog(partContext(files, clock), root, boot)
  await log.open()
  return log
}

let number = 0
const write = (log: DeliveryLog, octets: Buffer): Promise<LogEntry | undefined> =>
  log.write({ path: join(root, 'ann'), base: `message-${number++}`, octets })

it('grows up to eight segments, does without, and begins anew when what it has is settled', async () => {
  const log = await openLog()
  const octets = Buffer.alloc(256 * 1024, 'x')
  const entries: LogEntry[] = []
  while (entries.length < 8 * 31) {
    const entry = await write(log, octets)
    if (entry !== undefined) entries.push(entry)
    // The next one is being made.
    else await pause(5)
  }
  for (let more = 0; more < 3; more++) expect(await write(log, octets)).toBeUndefined()
  expect(await logSegments(root)).toHaveLength(8)
  // None of them is in its mailbox: somebody has taken them, and the system has had time to write.
  for (const entry of entries) entry.isPlaced = true
  clock.advance(130_000)
  const unsettled = (): number => {
    clock.advance(1000)
    // Mail goes on coming.
    log.isReady()
    return log.unsettled
  }
  await expect.poll(unsettled, { timeout: 30_000 }).toBe(0)
  expect(await write(log, octets)).toBeDefined()
  await log.close()
})

it('a segment whose very first write has failed is used again', async () => {
  const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
  const segments = new LogSegments(partContext(fault.fileSystem, clock), root, boot)
  await segments.prepare()
  const segment = segments.withRoom(1, 'messages')
  fault.fail({ call: 'file.write' })
  await expect(segment?.append([Buffer.from('x')])).rejects.toThrow('EIO')
  expect(segment?.room('all')).toBe(0)
  await segments.release()
  expect(segments.withRoom(1, 'messages')).toBe(segment)
  expect(segment?.room('messages')).toBeGreaterThan(0)
  await segments.close()
})

it('takes those together that come at the same moment', async () => {
  const writes: number[] = []
  const files = unsyncedFiles(nodeFileSystem)
  const counting: FileSystem = {
    ...files,
    open: async (...words) => {
      const file = await files.open(...words)
      const write = file.write.bind(file)
      return Object.assign(Object.create(file), {
        write: (...words: Parameters<typeof write>) => {
          writes.push(words[2])
          return write(...words)
        },
      })
    },
  }
  const log = await openLog(counting)
  writes.length = 0
  const all = await Promise.all(Array.from({ length: 50 }, () => write(log, Buffer.from('x'))))
  expect(all).not.toContain(undefined)
  expect(writes).toHaveLength(1)
  await log.close()
})

it.each([
  ['on a file system of a network', { type: 0x6969, bsize: 4096, bavail: 1e9 }],
  ['where the disk is nearly full', { type: 0xef53, bsize: 4096, bavail: 10_000 }],
])('has no segment %s', async (_, status) => {
  const log = await openLog({ ...unsyncedFiles(nodeFileSystem), statfs: async () => status })
  expect(log.isReady()).toBe(false)
  expect(await write(log, Buffer.from('x'))).toBeUndefined()
  expect(await logSegments(root)).toEqual([])
  await log.close()
})

it('segments of others are told from its own', async () => {
  const context = partContext(nodeFileSystem, clock)
  const [one, two] = [new LogSegments(context, root, boot), new LogSegments(context, root, boot)]
  expect(await one.hasOthers()).toBe(false)
  await one.prepare()
  await writeFile(join(root, '.deliveries', 'something else'), '')
  expect([await one.hasOthers(), await two.hasOthers()]).toEqual([false, true])
  await two.prepare()
  expect(await one.hasOthers()).toBe(true)
  await two.close()
  expect(await one.hasOthers()).toBe(false)
  await one.close()
  await expect(new LogSegments(context, join(root, 'ann/new\0'), boot).hasOthers()).rejects.toThrow()
})
