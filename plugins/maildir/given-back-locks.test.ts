import { setTimeout as pause } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { createTestMaildir } from '../../test/support/stores/maildir.ts'
import { type FileSystem, nodeFileSystem } from './files/file-system.ts'

const lock = 'mailwright-index.lock'

/** A store with a message, on a disk that is told of each lock that is given back. */
async function stored(givenBack: (files: FileSystem, path: string) => Promise<void>) {
  const files: FileSystem = {
    ...nodeFileSystem,
    unlink: (path) => (path.endsWith(lock) ? givenBack(nodeFileSystem, path) : nodeFileSystem.unlink(path)),
  }
  const box = await createTestMaildir({ files })
  onTestFinished(() => box.remove())
  await box.deliver('Subject: one\r\n\r\ntext\r\n')
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  return { box, mailbox }
}

it('a store that is closed has given back the locks that nobody waited for', async () => {
  const slowly = async (files: FileSystem, path: string): Promise<void> => {
    await pause(200)
    await files.unlink(path)
  }
  const { box, mailbox } = await stored(slowly)
  await mailbox.changeFlags([1], { add: ['\\Seen'] })
  expect(await box.names('')).toContain(lock)
  await box.store.close()
  expect(await box.names('')).not.toContain(lock)
})

it('a lock that cannot be given back takes nothing from what was done, and holds up nobody', async () => {
  const { mailbox, box } = await stored(async () => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' })
  })
  const { entries } = await mailbox.changeFlags([1], { add: ['\\Seen'] })
  expect(entries.map(({ flags }) => flags)).toEqual([['\\Seen']])
  await mailbox.changeFlags([1], { add: ['\\Flagged'] })
  const other = await (await box.again()).openMailbox('INBOX')
  expect(other.entries.map(({ flags }) => flags)).toEqual([['\\Flagged', '\\Seen']])
})
