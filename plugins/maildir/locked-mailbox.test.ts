import { symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mailbox } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTestMaildir, type TestMaildir } from '../../test/support/stores/maildir.ts'
import { formatOwner, newOwner } from './files/lock-owner.ts'

/** Milliseconds: much less than locks are waited for. */
const soon = 15_000

let box: TestMaildir
let mailbox: Mailbox

beforeEach(async () => {
  box = await createTestMaildir()
  for (const name of ['1', '2', '3'])
    await box.put(`cur/170000000${name}.R.h:2,`, `Subject: ${name}\r\n\r\ntext\r\n`)
  mailbox = await box.mailboxes.openMailbox('INBOX')
})
afterEach(() => box.remove())

const lock = (directory = '.'): string => join(box.path, directory, 'mailwright-index.lock')
/** Another process, which lives, has the lock. */
const taken = (directory?: string): Promise<void> =>
  symlink(formatOwner({ ...newOwner(), pid: 1, started: '' }), lock(directory))

it('is opened, refreshed and read while a change waits for the lock', async () => {
  await mailbox.refresh()
  await taken()
  const change = mailbox.changeFlags([1], { add: ['\\Flagged'] })
  const before = performance.now()
  const other = await box.mailboxes.openMailbox('INBOX')
  expect(await other.refresh()).toBe(false)
  const subjects = []
  for await (const { header } of other.summaries([1, 2, 3])) subjects.push(header.first('subject')?.text)
  expect(subjects).toEqual(['1', '2', '3'])
  expect(await other.search({ kind: 'body', text: 'text' })).toEqual([1, 2, 3])
  expect(performance.now() - before).toBeLessThan(soon)
  await unlink(lock())
  expect((await change).entries.map(({ flags }) => flags)).toEqual([['\\Flagged']])
})

it('keeps nobody from the mailbox that messages are to be moved from', async () => {
  await box.mailboxes.createMailbox('Work')
  await (await box.mailboxes.openMailbox('Work')).close()
  await taken('.Work')
  const move = mailbox.move([1], 'Work')
  const before = performance.now()
  await mailbox.changeFlags([2], { add: ['\\Flagged'] })
  expect(await (await box.mailboxes.openMailbox('INBOX')).refresh()).toBe(false)
  expect(performance.now() - before).toBeLessThan(soon)
  await unlink(lock('.Work'))
  expect((await move).uids).toEqual([[1, 1]])
})

it('is left as it is by a store that is closed, whoever still waits', async () => {
  await box.deliver('four')
  await taken()
  const changes = [1, 2, 3].map((uid) => mailbox.changeFlags([uid], { add: ['\\Flagged'] }))
  const outcomes = Promise.allSettled(changes)
  const before = performance.now()
  await box.store.close()
  expect(performance.now() - before).toBeLessThan(soon)
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'MAIL_E_UNAVAILABLE' } })
  await unlink(lock())
})
