import { bufferContent, type Mailbox } from 'mailwright'
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

function replace(mailbox: Mailbox, uid: number, text: string) {
  return mailbox.replace?.(uid, { content: bufferContent(Buffer.from(text)), flags: ['\\Seen'] })
}

it('puts a message in the place of another, with its flags', async () => {
  for (const text of ['one', 'two']) await box.deliver(text)
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  expect(await replace(mailbox, 1, 'new')).toEqual({ uidValidity: mailbox.uidValidity, uids: [3] })
  await mailbox.refresh()
  expect(mailbox.entries.map(({ uid, flags }) => [uid, flags])).toEqual([
    [2, []],
    [3, ['\\Seen']],
  ])
  expect((await fileContents(box.path)).toSorted()).toEqual(['new', 'two'])
})

it('is done once by processes that replace the same message; the others leave nothing, no UID either', async () => {
  for (const text of ['one', 'two']) await box.deliver(text)
  const stores = [box.mailboxes, await box.again(), await box.again()]
  const opened = await Promise.all(stores.map((store) => store.openMailbox('INBOX')))
  const answers = await Promise.all(opened.map((mailbox) => replace(mailbox, 1, 'new')))
  expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1)
  const { uidNext, entries } = await (await box.again()).openMailbox('INBOX')
  expect([uidNext, entries.map(({ uid }) => uid)]).toEqual([4, [2, 3]])
  expect((await fileContents(box.path)).toSorted()).toEqual(['new', 'two'])
  expect(await box.names('tmp')).toEqual([])
})

it('takes the message back where the other one cannot be removed', async () => {
  let writes = Number.NEGATIVE_INFINITY
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (call.name !== 'file.write' || !call.path.endsWith(indexFileName)) return
    writes += 1
    // The first one has the new message in it.
    if (writes === 2) throw systemError('EIO', call)
  })
  const other = await createTestMaildir({ root: box.options.root, files })
  await other.deliver('one')
  const mailbox = await other.mailboxes.openMailbox('INBOX')
  writes = 0
  await expect(replace(mailbox, 1, 'new')).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  expect(writes).toBeGreaterThan(2)
  await mailbox.refresh()
  expect(mailbox.entries.map(({ uid }) => uid)).toEqual([1])
  expect(await fileContents(box.path)).toEqual(['one'])
})
