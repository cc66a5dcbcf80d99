import { link, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { interferedFiles, systemError, unsyncedFiles } from '../../test/support/failing-files.ts'
import { createTestMaildir, fileContents, type TestMaildir } from '../../test/support/maildir.ts'
import { nodeFileSystem } from './file-system.ts'
import { formatUidList, parseUidList, type UidList, uidFileName } from './uid-list.ts'

let box: TestMaildir

beforeEach(async () => {
  box = await createTestMaildir()
  for (const text of ['one', 'two', 'three']) await box.deliver(text)
  await (await box.mailboxes.openMailbox('INBOX')).close()
})
afterEach(() => box.remove())

async function list(): Promise<UidList> {
  const read = parseUidList(await readFile(join(box.path, uidFileName)))
  if (read === undefined) throw new TypeError('no list')
  return read
}

const write = (changed: UidList): Promise<void> =>
  writeFile(join(box.path, uidFileName), formatUidList(changed))

it('finishes an expunge that a crash interrupted', async () => {
  const before = await list()
  const leaving = before.records.slice(0, 2).map(({ base }) => base)
  await write({ ...before, records: before.records.slice(2), leaving })
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  expect(mailbox.entries.map(({ uid }) => uid)).toEqual([3])
  expect(await fileContents(box.path)).toEqual(['three'])
  expect((await list()).leaving).toEqual([])
})

it('finishes a copy that a crash interrupted, wherever it stopped', async () => {
  const before = await list()
  const [source = ''] = await box.names('new')
  const [first, second] = ['1800000001.x.h', '1800000002.x.h']
  await link(join(box.path, 'new', source), join(box.path, 'cur', `${first}:2,S`))
  await link(join(box.path, 'new', source), join(box.path, 'tmp', second))
  const records = [first, second].map((base, index) => ({ uid: 4 + index, internalDate: 0, size: 3, base }))
  const arriving = [`${first}:2,S`, `${second}:2,F`]
  await write({ ...before, uidNext: 6, records: [...before.records, ...records], arriving })
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  expect(mailbox.entries.slice(3).map(({ uid, flags }) => [uid, ...flags])).toEqual([
    [4, '\\Seen'],
    [5, '\\Flagged'],
  ])
  expect(await box.names('tmp')).toEqual([])
  expect((await list()).arriving).toEqual([])
})

it('shows nobody an expunged message whose file cannot be removed, and tries again', async () => {
  let stuck = true
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (stuck && call.name === 'unlink' && call.path.includes('/new/')) throw systemError('EPERM', call)
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
  await expect(mailbox.expunge([2])).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  expect(mailbox.entries.map(({ uid }) => uid)).toEqual([2])
  stuck = false
  await mailbox.refresh()
  expect(await fileContents(box.path)).toEqual(['two'])
  expect((await list()).leaving).toEqual([])
})

it('does not bring a message back that others rename while it is removed', async () => {
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
    if (name !== 'unlink' || !path.includes('/new/')) return
    const [first = ''] = await box.names('new')
    await nodeFileSystem.rename(join(box.path, 'new', first), join(box.path, 'cur', `${first}:2,S`))
  })
  const other = await createTestMaildir({ root: box.options.root, files })
  const mailbox = await other.mailboxes.openMailbox('INBOX')
  expect(await mailbox.expunge([1, 2])).toEqual([1, 2])
  expect(await fileContents(box.path)).toEqual(['three'])
})
