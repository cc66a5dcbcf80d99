import { setTimeout as pause } from 'node:timers/promises'
import type { Lease } from 'mailwright'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { interferedFiles, systemError, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'

const patience = { timeout: 5000, interval: 10 }

let box: TestMaildir
/** How often each directory is being watched. */
let open: Map<string, number>
/** Waited for before a directory is watched. */
let before: (path: string) => Promise<void>
let calls: (string | undefined)[]

beforeEach(async () => {
  open = new Map()
  before = async () => undefined
  calls = []
  box = await createTestMaildir({ files: countingFiles() })
})
afterEach(() => box.remove())

function countingFiles(): FileSystem {
  const files = unsyncedFiles(nodeFileSystem)
  const count = (path: string, more: number): void => {
    open.set(path, (open.get(path) ?? 0) + more)
  }
  return {
    ...files,
    async watch(path, listener, ended) {
      await before(path)
      const watcher = await files.watch(path, listener, ended)
      count(path, 1)
      return {
        close() {
          watcher.close()
          count(path, -1)
        },
      }
    },
  }
}

const watch = (mailboxes: readonly string[] | 'all' = 'all'): Promise<Lease> =>
  box.mailboxes.watch(mailboxes, (name) => void calls.push(name))
const toldOf = (name: string | undefined, since = 0): Promise<void> =>
  vi.waitFor(() => expect(calls.slice(since)).toContain(name), patience)
/** Until nothing has been told for a while. */
async function quiet(): Promise<void> {
  for (let count = -1; count !== calls.length; ) {
    count = calls.length
    await pause(150)
  }
}

it('tells of a mailbox that was deleted and at once made again', async () => {
  await box.mailboxes.createMailbox('Work')
  const lease = await watch()
  for (let round = 0; round < 3; round++) {
    await box.mailboxes.deleteMailbox('Work')
    await box.mailboxes.createMailbox('Work')
    await toldOf(undefined)
    await quiet()
    const since = calls.length
    await box.put('.Work/new/1.a.h', 'x')
    await toldOf('Work', since)
  }
  await lease.release()
})

it('tells of what came into a new mailbox before that could be watched', async () => {
  const lease = await watch(['Work'])
  before = async (path) => {
    if (path.endsWith('.Work/new')) await box.put('.Work/new/1.a.h', 'x')
    if (path.endsWith('.Work/new')) calls.push('came')
  }
  await box.mailboxes.createMailbox('Work')
  await toldOf('came')
  await toldOf('Work', calls.indexOf('came'))
  await lease.release()
})

it('watches each mailbox once, however fast they come and go, and none after the release', async () => {
  const lease = await watch()
  before = () => pause(10)
  for (let count = 0; count < 8; count++) {
    await box.mailboxes.createMailbox(`m${count}`)
    await pause(25)
  }
  await box.mailboxes.deleteMailbox('m3')
  await box.mailboxes.renameMailbox('m4', 'renamed')
  await quiet()
  const paths = ['', ...['m0', 'm1', 'm2', 'm5', 'm6', 'm7', 'renamed'].map((name) => `/.${name}`)]
  await vi.waitFor(() => {
    const watched = [...open].filter(([, times]) => times !== 0)
    expect(watched.toSorted()).toEqual(
      paths
        .flatMap((path) => ['', '/cur', '/new'].map((part) => [`${box.path}${path}${part}`, 1] as const))
        .toSorted(),
    )
  }, patience)
  await lease.release()
  await lease.release()
  expect([...open.values()].filter((times) => times !== 0)).toEqual([])
})

it('watches nothing more when it is released while it looks at what there is', async () => {
  const lease = await watch()
  before = () => pause(20)
  for (const name of ['one', 'two', 'three']) await box.mailboxes.createMailbox(name)
  await toldOf(undefined)
  await lease.release()
  await vi.waitFor(() => expect([...open.values()].every((times) => times === 0)).toBe(true), patience)
  const told = calls.length
  await box.deliver('x', 'one')
  await pause(100)
  expect(calls).toHaveLength(told)
})

it('leaves nothing open when it fails', async () => {
  await box.mailboxes.createMailbox('Work')
  const faulty = interferedFiles(box.options.files, (call) => {
    if (call.name === 'lstat' && call.path.endsWith('.Work') && open.size > 0) throw systemError('EIO', call)
  })
  const other = await createTestMaildir({ root: box.options.root, files: faulty })
  await expect(other.mailboxes.watch('all', () => undefined)).rejects.toMatchObject({
    code: 'MAIL_E_UNAVAILABLE',
  })
  expect([...open.values()].filter((times) => times !== 0)).toEqual([])
})

it('goes on when whoever is told fails', async () => {
  let told = 0
  const lease = await box.mailboxes.watch(['INBOX'], () => {
    told += 1
    throw new Error('the listener failed')
  })
  for (let count = 1; count <= 2; count++) {
    await box.put(`new/${count}.a.h`, 'x')
    await vi.waitFor(() => expect(told).toBeGreaterThanOrEqual(count), patience)
    await pause(50)
  }
  expect(box.logged.filter(({ event }) => event === 'unavailable').length).toBeGreaterThanOrEqual(2)
  await lease.release()
})

it('tells of everything where the system watches nothing', async () => {
  const files: FileSystem = {
    ...unsyncedFiles(nodeFileSystem),
    watch: async (path) => {
      throw systemError('ENOSPC', { name: 'watch', path })
    },
  }
  const other = await createTestMaildir({ root: box.options.root, files })
  await box.mailboxes.createMailbox('Work')
  const lease = await other.mailboxes.watch('all', (name) => void calls.push(name))
  await box.put('.Work/new/1.a.h', 'by another program, and nobody has opened it')
  await toldOf('Work')
  await box.mailboxes.createMailbox('Later')
  await toldOf(undefined)
  await toldOf('Later')
  await quiet()
  const since = calls.length
  await box.deliver('x', 'Later')
  await toldOf('Later', since)
  await lease.release()
})
