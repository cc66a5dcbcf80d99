import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Mailbox } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { interferedFiles, systemError, unsyncedFiles } from '../../test/support/faults/failing-files.ts'
import { createTestMaildir, type TestMaildir } from '../../test/support/stores/maildir.ts'
import { nodeFileSystem } from './files/file-system.ts'

// A disk without room for the index: what the names of files say is done and stays so.

let isFull: boolean
let box: TestMaildir
let mailbox: Mailbox

beforeEach(async () => {
  isFull = false
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (isFull && call.name === 'file.write') throw systemError('ENOSPC', call)
  })
  box = await createTestMaildir({ files })
  for (const text of ['one', 'two', 'three']) await box.deliver(text)
  mailbox = await box.mailboxes.openMailbox('INBOX')
  await mailbox.changeFlags([1, 2, 3], { set: ['\\Flagged', 'before'] })
  await longAgo()
  isFull = true
})
afterEach(() => box.remove())

/** Until what was changed in a directory is no longer of this very moment, and its stamp is believed. */
const longAgo = (): Promise<void> => pause(60)

/** UIDs with their flags, for who has the mailbox open and for another process, after some looks. */
async function expectShown(expected: Readonly<Record<number, string>>): Promise<void> {
  for (let look = 0; look < 3; look += 1) {
    await longAgo()
    await mailbox.refresh()
    const other = await (await box.again()).openMailbox('INBOX')
    for (const { entries } of [mailbox, other])
      expect(Object.fromEntries(entries.map(({ uid, flags }) => [uid, flags.join(' ')]))).toEqual(expected)
    await other.close()
  }
}

const flags = '\\Flagged before'

it('flags that are in file names stay, and what is marked with them is expunged', async () => {
  const { entries } = await mailbox.changeFlags([2], { add: ['\\Deleted'] })
  expect(entries.map((entry) => entry.flags.join(' '))).toEqual(['\\Deleted \\Flagged before'])
  await expectShown({ 1: flags, 2: '\\Deleted \\Flagged before', 3: flags })
  expect(await mailbox.expunge([2], { onlyDeleted: true })).toEqual([2])
  await expectShown({ 1: flags, 3: flags })
  isFull = false
  await expectShown({ 1: flags, 3: flags })
})

it('a change of keywords is refused as a whole, but for what the names have', async () => {
  const change = mailbox.changeFlags([2], { set: ['\\Seen', 'after'] })
  await expect(change).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  await expectShown({ 1: flags, 2: '\\Seen before', 3: flags })
  isFull = false
  await mailbox.changeFlags([2], { set: ['\\Seen', 'after'] })
  await expectShown({ 1: flags, 2: '\\Seen after', 3: flags })
})

it('no mod-sequence is told that somebody else could be given later', async () => {
  const { entries } = await mailbox.changeFlags([1], { add: ['\\Answered'] })
  const told = [entries[0]?.modSequence ?? 0]
  for (let look = 0; look < 3; look += 1) {
    await longAgo()
    await mailbox.refresh()
    told.push(mailbox.highestModSequence)
  }
  expect(told).toEqual(told.toSorted((one, other) => one - other))
  isFull = false
  const other = await (await box.again()).openMailbox('INBOX')
  const changed = await other.changeFlags([3], { add: ['\\Seen'] })
  expect(changed.entries[0]?.modSequence).toBeGreaterThan(told.at(-1) ?? 0)
  const first = other.entries.find(({ uid }) => uid === 1)
  expect(first?.flags).toContain('\\Answered')
})

it('messages leave a mailbox that cannot be marked as ours for want of an inode, and it is marked later', async () => {
  const mark = join(box.path, 'mailwright-owned')
  await rm(mark)
  let hasInodes = false
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (!hasInodes && call.path === mark && call.name === 'open') throw systemError('ENOSPC', call)
  })
  const later = await createTestMaildir({ root: box.options.root, files })
  const opened = await later.mailboxes.openMailbox('INBOX')
  expect(await opened.expunge([1])).toEqual([1])
  await expect(access(mark)).rejects.toThrow('ENOENT')
  hasInodes = true
  expect(await opened.expunge([2])).toEqual([2])
  await access(mark)
})
