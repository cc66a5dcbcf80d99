import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { interferedFiles, systemError, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, fileContents, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import { indexFileName } from '../index/index-file.ts'

let box: TestMaildir

beforeEach(async () => {
  box = await createTestMaildir()
})
afterEach(() => box.remove())

it('moves a message under its name; a copy has another one, but the same id', async () => {
  await box.mailboxes.createMailbox('Archive')
  await box.deliver('one', 'INBOX', { flags: ['\\Seen'] })
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  const id = mailbox.entries[0]?.id ?? ''
  const [file] = await box.names('cur')
  await mailbox.copy([1], 'Archive')
  await mailbox.move([1], 'Archive')
  const { entries } = await box.mailboxes.openMailbox('Archive')
  expect(entries.map((entry) => entry.id)).toEqual([id, id])
  expect(entries.map(({ flags }) => flags)).toEqual([['\\Seen'], ['\\Seen']])
  const files = await box.names('.Archive/cur')
  expect(files).toHaveLength(2)
  expect(files).toContain(file)
})

it('knows the id of a copy from a later process too; a lost index gives another one', async () => {
  await box.mailboxes.createMailbox('Archive')
  await box.deliver('one')
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  const id = mailbox.entries[0]?.id ?? ''
  await mailbox.copy([1], 'Archive')
  const idThere = async (): Promise<string | undefined> => {
    const other = await createTestMaildir({ root: box.options.root })
    return (await other.mailboxes.openMailbox('Archive')).entries[0]?.id
  }
  expect(await idThere()).toBe(id)
  await rm(join(box.path, '.Archive', indexFileName))
  expect(await idThere()).not.toBe(id)
})

it('copies by a link where it can', async () => {
  await box.mailboxes.createMailbox('Archive')
  await box.deliver('one')
  await (await box.mailboxes.openMailbox('INBOX')).copy([1], 'Archive')
  const [name = ''] = await box.names('cur')
  expect((await stat(join(box.path, 'cur', name))).nlink).toBe(2)
})

it.each(['EXDEV', 'EPERM', 'EMLINK'])(
  'copies the octets and the date where links fail with %s',
  async (code) => {
    const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
      if (call.name === 'link') throw systemError(code, call)
    })
    const other = await createTestMaildir({ root: box.options.root, files })
    await other.mailboxes.createMailbox('Archive')
    const internalDate = new Date('2001-02-03T04:05:06Z')
    await other.deliver('x'.repeat(600_000), 'INBOX', { internalDate })
    const mailbox = await other.mailboxes.openMailbox('INBOX')
    await mailbox.move([1], 'Archive')
    expect(await fileContents(join(box.path, '.Archive'))).toEqual(['x'.repeat(600_000)])
    expect(await fileContents(box.path)).toEqual([])
    const [name = ''] = await other.files('.Archive')
    expect((await stat(join(box.path, '.Archive/cur', name))).mtime).toEqual(internalDate)
  },
)

it('tells the UIDs that copies got', async () => {
  await box.mailboxes.createMailbox('Archive')
  await box.deliver('old', 'Archive')
  for (const text of ['one', 'two']) await box.deliver(text)
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  await mailbox.copy([1, 2], 'Archive')
  expect(box.retrieval.changes.at(-1)).toMatchObject({
    kind: 'stored',
    change: { mailbox: 'Archive', cause: 'copy', from: 'INBOX', uids: [2, 3] },
  })
})

it('moves in opposite directions at the same time without waiting for ever', async () => {
  await box.mailboxes.createMailbox('Archive')
  for (let count = 0; count < 4; count++) {
    await box.deliver(`in ${count}`)
    await box.deliver(`out ${count}`, 'Archive')
  }
  const [inbox, archive] = [
    await box.mailboxes.openMailbox('INBOX'),
    await box.mailboxes.openMailbox('Archive'),
  ]
  const elsewhere = await (await box.again()).openMailbox('Archive')
  await Promise.all([
    inbox.move([1, 2], 'Archive'),
    archive.move([1, 2], 'INBOX'),
    elsewhere.move([3], 'INBOX'),
  ])
  expect((await fileContents(box.path)).toSorted()).toEqual(['in 2', 'in 3', 'out 0', 'out 1', 'out 2'])
  expect((await fileContents(join(box.path, '.Archive'))).toSorted()).toEqual(['in 0', 'in 1', 'out 3'])
})

it('keeps a message that comes back before it could be removed', async () => {
  let stuck = true
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (stuck && call.name === 'unlink' && call.path.includes('/.Archive/')) throw systemError('EPERM', call)
  })
  const other = await createTestMaildir({ root: box.options.root, files })
  for (const text of ['one', 'two']) await other.deliver(text, 'Archive', { create: true })
  const [archive, inbox] = [
    await other.mailboxes.openMailbox('Archive'),
    await other.mailboxes.openMailbox('INBOX'),
  ]
  await archive.move([1], 'INBOX')
  await inbox.refresh()
  await inbox.move([1], 'Archive')
  stuck = false
  for (const each of [other.mailboxes, await box.again()]) {
    const mailbox = await each.openMailbox('Archive')
    expect(mailbox.entries.map(({ uid }) => uid)).toEqual([2, 3])
    await mailbox.close()
  }
  expect((await fileContents(join(box.path, '.Archive'))).toSorted()).toEqual(['one', 'two'])
  expect(await fileContents(box.path)).toEqual([])
})
