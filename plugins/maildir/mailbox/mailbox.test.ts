import { type AccountStore, type Mailbox, readAll } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FileCall, interferedFiles, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { nodeFileSystem } from '../files/file-system.ts'

let box: TestMaildir
/** Another process. */
let other: AccountStore

// Time stands still: nothing is done in the background.
const clock = fakeClock(Date.now())

beforeEach(async () => {
  box = await createTestMaildir({ clock })
  other = await box.again()
})
afterEach(() => box.remove())

async function shown(name: string): Promise<readonly string[]> {
  const mailbox = await other.openMailbox(name)
  const lines: string[] = []
  for (const { uid, flags } of mailbox.entries)
    lines.push([uid, (await readAll(await mailbox.content(uid))).toString(), ...flags].join(' '))
  await mailbox.close()
  return lines
}

/** What a session may do with messages that it has seen. */
const deeds: readonly (readonly [string, (mailbox: Mailbox) => Promise<unknown>])[] = [
  ['expunge', (mailbox) => mailbox.expunge([1, 2])],
  ['move', (mailbox) => mailbox.move([1, 2], 'Archive')],
  ['copy', (mailbox) => mailbox.copy([1, 2], 'Archive')],
  ['changeFlags', (mailbox) => mailbox.changeFlags([1, 2], { add: ['\\Deleted', 'Junk'] })],
  ['content', (mailbox) => mailbox.content(1)],
  ['refresh', (mailbox) => mailbox.refresh()],
]

describe('a mailbox that another process has replaced by one of that name', () => {
  it.each(deeds)('is not touched by those who know the old one: %s', async (name, deed) => {
    await box.mailboxes.createMailbox('Archive')
    for (const text of ['old 1', 'old 2']) await box.deliver(text, 'Work', { create: true })
    const mailbox = await box.mailboxes.openMailbox('Work')
    await other.deleteMailbox('Work')
    await other.createMailbox('Work')
    for (const text of ['new 1', 'new 2']) await box.deliver(text, 'Work')
    expect(await shown('Work')).toEqual(['1 new 1', '2 new 2'])
    if (name === 'copy') expect(await deed(mailbox)).toMatchObject({ uids: [] })
    else
      await expect(deed(mailbox)).rejects.toMatchObject({
        code: name === 'content' ? 'MAIL_E_NOT_FOUND' : 'MAIL_E_UNAVAILABLE',
      })
    expect(await shown('Work')).toEqual(['1 new 1', '2 new 2'])
    expect(await shown('Archive')).toEqual([])
    const again = await box.mailboxes.openMailbox('Work')
    expect(await again.expunge([1])).toEqual([1])
  })

  it('takes new messages all the same', async () => {
    await box.deliver('old', 'Work', { create: true })
    await box.mailboxes.status('Work')
    await other.deleteMailbox('Work')
    await other.createMailbox('Work')
    await box.deliver('new', 'Work', { flags: ['Junk'] })
    const inbox = await box.mailboxes.openMailbox('INBOX')
    await box.deliver('copied')
    await inbox.refresh()
    await inbox.copy([1], 'Work')
    expect(await shown('Work')).toEqual(['1 new Junk', '2 copied'])
  })
})

it('shows no UID, when it is opened, that is not on the disk', async () => {
  const calls: FileCall[] = []
  let delivered = false
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), async (call) => {
    calls.push(call)
    if (delivered || call.name !== 'readdir' || !call.path.endsWith('/tmp')) return
    delivered = true
    await busy.deliver('two')
    // What gives UIDs in the background does not wait for the disk.
    await busy.store.close()
  })
  const busy = await createTestMaildir({ root: box.options.root, files, clock })
  await busy.deliver('one')
  const mailbox = await busy.mailboxes.openMailbox('INBOX')
  const ofIndex = calls.filter(({ path }) => path.endsWith('/mailwright-index'))
  const written = ofIndex.findLastIndex(({ name }) => name === 'file.write')
  const synced = ofIndex.findLastIndex(({ name }) => name === 'file.datasync')
  expect(delivered).toBe(true)
  expect(mailbox.entries.length === 1 || synced > written).toBe(true)
  await mailbox.refresh()
  expect(mailbox.entries).toHaveLength(2)
})
