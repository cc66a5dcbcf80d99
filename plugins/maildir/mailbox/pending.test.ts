import { link } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { interferedFiles, systemError, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, fileContents, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { createContext } from '../context.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import type { IndexChange } from '../index/index-change.ts'
import { IndexFile } from '../index/index-file.ts'
import type { IndexTable } from '../index/index-table.ts'

let box: TestMaildir

beforeEach(async () => {
  box = await createTestMaildir()
  for (const text of ['one', 'two', 'three']) await box.deliver(text)
  await (await box.mailboxes.openMailbox('INBOX')).close()
})
afterEach(() => box.remove())

/** The index as it is on the disk, with a change made to it. */
async function index(change: IndexChange = {}): Promise<IndexTable> {
  const file = new IndexFile(createContext(box.options), box.path)
  await file.refresh()
  await file.append(change)
  if (file.table === undefined) throw new TypeError('no index')
  return file.table
}

it('finishes an expunge that a crash interrupted', async () => {
  const leaving = (await index()).records.slice(0, 2).map(({ base }) => base)
  await index({ modSequence: 9, removed: [1, 2], leaving })
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  expect(mailbox.entries.map(({ uid }) => uid)).toEqual([3])
  expect(await fileContents(box.path)).toEqual(['three'])
  expect((await index()).leaving).toEqual([])
})

it('finishes a copy that a crash interrupted, wherever it stopped', async () => {
  const [source = ''] = await box.names('cur')
  const [first, second] = ['1800000001.x.h', '1800000002.x.h']
  await link(join(box.path, 'cur', source), join(box.path, 'cur', `${first}:2,S`))
  await link(join(box.path, 'cur', source), join(box.path, 'tmp', second))
  const added = [
    [4, first, 'cur/:2,S', 3, 0, 0, []],
    [5, second, 'cur/:2,F', 3, 0, 0, []],
  ] as const
  await index({ modSequence: 9, added, arriving: [`${first}:2,S`, `${second}:2,F`] })
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  expect(mailbox.entries.slice(3).map(({ uid, flags }) => [uid, ...flags])).toEqual([
    [4, '\\Seen'],
    [5, '\\Flagged'],
  ])
  expect(await box.names('tmp')).toEqual([])
  expect((await index()).arriving).toEqual([])
})

it('finishes as much as a full disk lets, and shows the mailbox', async () => {
  const [first] = (await index()).records.map(({ base }) => base)
  await index({ modSequence: 9, removed: [1], leaving: [first ?? ''] })
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (call.name === 'file.write') throw systemError('ENOSPC', call)
  })
  const full = await createTestMaildir({ root: box.options.root, files })
  const mailbox = await full.mailboxes.openMailbox('INBOX')
  expect(mailbox.entries.map(({ uid }) => uid)).toEqual([2, 3])
  expect(await fileContents(box.path)).toEqual(['two', 'three'])
})

it('shows nobody an expunged message whose file cannot be removed, and tries again', async () => {
  let stuck = true
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (stuck && call.name === 'unlink' && call.path.includes('/cur/')) throw systemError('EPERM', call)
  })
  const other = await createTestMaildir({ root: box.options.root, files })
  const mailbox = await other.mailboxes.openMailbox('INBOX')
  expect(await mailbox.expunge([1, 3])).toEqual([1, 3])
  expect(await fileContents(box.path)).toHaveLength(3)
  for (const each of [await other.again(), other.mailboxes]) {
    const view = await each.openMailbox('INBOX')
    expect(view.entries.map(({ uid }) => uid)).toEqual([2])
    await view.close()
  }
  expect(mailbox.entries.map(({ uid }) => uid)).toEqual([2])
  stuck = false
  await mailbox.refresh()
  expect(await fileContents(box.path)).toEqual(['two'])
  expect((await index()).leaving).toEqual([])
})

it('does not bring a message back that others rename while it is removed', async () => {
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
    if (name !== 'unlink' || !path.includes('/cur/')) return
    const [first] = (await box.names('cur')).filter((each) => each.endsWith(':2,'))
    // Two messages are removed at the same time.
    if (first === undefined) return
    await nodeFileSystem
      .rename(join(box.path, 'cur', first), join(box.path, 'cur', `${first}S`))
      .catch(() => undefined)
  })
  const other = await createTestMaildir({ root: box.options.root, files })
  const mailbox = await other.mailboxes.openMailbox('INBOX')
  expect(await mailbox.expunge([1, 2])).toEqual([1, 2])
  expect(await fileContents(box.path)).toEqual(['three'])
})
