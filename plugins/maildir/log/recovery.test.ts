import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readdir, rename, rm, stat, unlink, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock, faultyFileSystem } from 'mailwright/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { logSegments } from '../../../test/support/stores/delivery-logs.ts'
import {
  createTestMaildir,
  type TestMaildir,
  type TestMaildirOptions,
} from '../../../test/support/stores/maildir.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import { parseSegmentName, segmentName } from './segment-name.ts'
import { logDirectory } from './segments.ts'

const made: TestMaildir[] = []
const folders: string[] = []
const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))

async function maildir(root?: string, more: Partial<TestMaildirOptions> = {}): Promise<TestMaildir> {
  const where = root === undefined ? { deliveryLog: 'atOnce' as const } : { root, deliveryLog: true }
  const box = await createTestMaildir({ files: fault.fileSystem, ...where, ...more })
  made.push(box)
  return box
}

afterEach(async () => {
  for (const box of made.splice(0)) await box.remove()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

type Owner = NonNullable<ReturnType<typeof parseSegmentName>>['owner']

/** What another process has left: two messages, one of which somebody has removed, and a log with both. */
async function left(owner: (own: Owner) => Owner): Promise<string> {
  const box = await maildir()
  for (const text of ['a', 'b']) await box.deliver(`Subject: ${text}\r\n\r\n${text}\r\n`)
  await box.mailboxes.status('INBOX')
  const root = await mkdtemp(join(tmpdir(), 'mailwright-left-'))
  folders.push(root)
  await cp(box.options.root, root, { recursive: true, verbatimSymlinks: true })
  for (const name of await logSegments(root)) {
    const of = parseSegmentName(name)
    if (of === undefined) throw new TypeError(`${name} is no segment`)
    const other = owner(of.owner)
    const renamed = segmentName({ boot: other.boot, owner: other }, 0)
    await rename(join(root, logDirectory, name), join(root, logDirectory, renamed))
  }
  const cur = join(root, 'example.org/ann/Maildir/cur')
  await unlink(join(cur, (await readdir(cur))[0] ?? ''))
  return root
}

const synced = (): number => fault.calls.filter(({ name }) => name === 'file.datasync').length

describe('the log of a process of this run of the machine', () => {
  it('that is gone is settled: what is there becomes durable, and nothing is put back', async () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    const root = await left((own) => ({ ...own, pid }))
    const before = synced()
    const box = await maildir(root)
    expect(await box.files()).toHaveLength(1)
    expect(synced()).toBeGreaterThan(before)
    expect(await logSegments(root)).toEqual([])
  })

  it('that is at work is left alone', async () => {
    const root = await left((own) => ({ ...own, pid: process.ppid, started: '' }))
    await maildir(root)
    expect(await logSegments(root)).toHaveLength(1)
  })

  it('that cannot be seen from here is settled when it has not written for long', async () => {
    const root = await left((own) => ({ ...own, namespace: 'f'.repeat(8) }))
    await maildir(root)
    const [name = ''] = await logSegments(root)
    expect(name).not.toBe('')
    const longAgo = new Date(Date.now() - 10 * 60_000)
    await utimes(join(root, logDirectory, name), longAgo, longAgo)
    const box = await maildir(root)
    expect(await logSegments(root)).toEqual([])
    expect(await box.files()).toHaveLength(1)
  })
})

describe('the log of a container with a boot id of its own', () => {
  const elsewhere = { boot: '0'.repeat(12), namespace: 'f'.repeat(8) }
  const container = (): Promise<string> => left((own) => ({ ...own, ...elsewhere }))
  const segmentOf = async (root: string): Promise<string> =>
    join(root, logDirectory, (await logSegments(root))[0] ?? '')

  it('is left alone while it may be at work, and restored when it has not written for long', async () => {
    const root = await container()
    const clock = fakeClock(Date.now())
    const box = await maildir(root, { clock })
    expect(await logSegments(root)).toHaveLength(1)
    expect(await box.files()).toHaveLength(1)
    // As long as its server may look for a message that another program has taken.
    clock.advance(3 * 60_000)
    await box.store.open(box.account)
    expect(await logSegments(root)).toHaveLength(1)
    clock.advance(2 * 60_000)
    await box.store.open(box.account)
    expect(await logSegments(root)).toEqual([])
    expect(await box.files()).toHaveLength(2)
  })

  it('is restored at once where it is older than the run of the machine, on a disk of its own', async () => {
    const root = await container()
    await utimes(await segmentOf(root), 0, 0)
    // By this clock it has just been written.
    const clock = fakeClock(0)
    const status = { type: 0x6969, bsize: 4096, bavail: 1_000_000 }
    await maildir(root, { clock, files: { ...unsyncedFiles(nodeFileSystem), statfs: async () => status } })
    expect(await logSegments(root)).toHaveLength(1)
    expect((await stat(await segmentOf(root))).mtimeMs).toBe(0)
    const box = await maildir(root, { clock })
    expect(await logSegments(root)).toEqual([])
    expect(await box.files()).toHaveLength(2)
  })
})

it('what is no segment stays where it is', async () => {
  const root = await left((own) => own)
  const directory = join(root, logDirectory)
  const [name = ''] = await logSegments(root)
  await rename(join(directory, name), join(directory, 'note:of somebody'))
  await maildir(root)
  expect(await readdir(directory)).toEqual(['note:of somebody'])
})
