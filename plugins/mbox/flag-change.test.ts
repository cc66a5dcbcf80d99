import { appendFile, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, expect, it } from 'vitest'
import {
  createTestMbox,
  type TestMbox,
  type TestMboxOptions,
  unsyncedMboxFiles,
} from '../../test/support/stores/mbox.ts'
import { nodeFileSystem } from './file-system.ts'

const made: TestMbox[] = []

async function mbox(options: TestMboxOptions = {}): Promise<TestMbox> {
  const box = await createTestMbox(options)
  made.push(box)
  return box
}

afterEach(async () => {
  for (const each of made.splice(0)) await each.remove()
})

const message = (subject: string): string => `Subject: ${subject}\r\n\r\nbody of ${subject}\r\n`
const foreign = (subject: string, fields = ''): string =>
  `From a@example.org Sat Nov 28 21:53:22 2026\n${fields}Subject: ${subject}\n\nbody of ${subject}\n\n`

/** Values of a field, in the order of the file, without the space around them. */
function values(text: string, field: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^${field}:(.*)$`, 'gm'))].map((match) => match[1]?.trim() ?? '')
}

it('changes flags where they stand, as other programs write them', async () => {
  const box = await mbox()
  for (const subject of ['one', 'two']) await box.deliver(message(subject))
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  const { size, ino } = await lstat(join(box.path, 'inbox'))
  await mailbox.changeFlags([1], {
    add: ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft', 'work', '$Junk'],
  })
  await mailbox.changeFlags([2], { add: ['\\Flagged'] })
  const text = await box.read()
  expect(values(text, 'Status')).toEqual(['RO', 'O'])
  expect(values(text, 'X-Status')).toEqual(['ADFT', 'F'])
  expect(values(text, 'X-Keywords')).toEqual(['$Junk work', ''])
  expect(values(text, 'X-IMAPbase')).toEqual([`${mailbox.uidValidity} 0000000002 $Junk work`])
  await mailbox.changeFlags([1, 2], { set: [] })
  expect(values(await box.read(), 'X-Status')).toEqual(['', ''])
  expect(await lstat(join(box.path, 'inbox'))).toMatchObject({ size, ino })
})

it('makes room for fields in the messages of other programs, once, and leaves those before alone', async () => {
  const box = await mbox()
  for (const subject of ['one', 'two', 'three']) await appendFile(join(box.path, 'inbox'), foreign(subject))
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  const { ino } = await lstat(join(box.path, 'inbox'))
  await mailbox.changeFlags([2], { add: ['\\Seen'] })
  const text = await box.read()
  expect(text.startsWith(foreign('one'))).toBe(true)
  expect(values(text, 'X-UID')).toEqual(['2', '3'])
  expect(values(text, 'Status')).toEqual(['RO', 'O'])
  await mailbox.changeFlags([3], { add: ['\\Seen', 'label'] })
  expect(await lstat(join(box.path, 'inbox'))).toMatchObject({ size: text.length, ino })
  await mailbox.changeFlags([1], { add: ['label'] })
  expect(values(await box.read(), 'X-IMAPbase')).toEqual([`${mailbox.uidValidity} 0000000003 label`])
  expect(values(await box.read(), 'X-UID')).toEqual(['1', '2', '3'])
})

it('keeps letters that stand for nothing of ours, and what is not the file’s own', async () => {
  const box = await mbox()
  await box.write(foreign('one', 'Status: NO\nX-Status: ZF\nX-Mozilla-Status: 0001\nContent-Length: 12\n'))
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  await mailbox.changeFlags([1], { set: ['\\Seen', 'label'] })
  const text = await box.read()
  expect([values(text, 'Status'), values(text, 'X-Status')]).toEqual([['RNO'], ['Z']])
  expect(values(text, 'X-Mozilla-Status')).toEqual(['0001'])
})

it('rewrites where keywords need more room than there is', async () => {
  const box = await mbox()
  for (const subject of ['one', 'two', 'three']) await box.deliver(message(subject))
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  const many = Array.from({ length: 40 }, (_, number) => `label-${number}`)
  await mailbox.changeFlags([2], { add: many })
  expect(values(await box.read(), 'X-Keywords')).toEqual(['', [...many].sort().join(' '), ''])
  await mailbox.changeFlags([2], { set: [] })
  expect(values(await box.read(), 'X-Keywords')).toEqual(['', '', ''])
  const endless = Array.from({ length: 1000 }, (_, number) => `${'x'.repeat(90)}${number}`)
  await expect(mailbox.changeFlags([3], { add: endless })).rejects.toMatchObject({
    code: 'MAIL_E_UNSUPPORTED',
  })
  expect((await box.again()).openMailbox).toBeDefined()
  const { entries } = await (await box.again()).openMailbox('INBOX')
  expect(entries.map(({ flags }) => flags)).toEqual([[], [], []])
})

it('has made the change or not when the disk is full, and goes on reading', async () => {
  const fault = faultyFileSystem(unsyncedMboxFiles(nodeFileSystem))
  const box = await mbox({ files: fault.fileSystem })
  for (const subject of ['one', 'two']) await appendFile(join(box.path, 'inbox'), foreign(subject))
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  const before = await box.read()
  const end = fault.fail({ call: 'file.write', error: 'ENOSPC', times: Number.POSITIVE_INFINITY })
  await expect(mailbox.changeFlags([1], { add: ['\\Seen'] })).rejects.toMatchObject({
    code: 'MAIL_E_UNAVAILABLE',
  })
  end()
  expect(await box.read()).toBe(before)
  const full = fault.fail({
    call: 'file.write',
    path: /spool|\.index/,
    error: 'ENOSPC',
    times: Number.POSITIVE_INFINITY,
  })
  await appendFile(join(box.path, 'inbox'), foreign('three'))
  await mailbox.refresh()
  expect(mailbox.entries, 'what is new is not shown, for it has no UID').toHaveLength(2)
  expect((await mailbox.content(2)).size).toBe(message('two').length)
  full()
  await mailbox.refresh()
  expect(mailbox.entries.map(({ uid }) => uid)).toEqual([1, 2, 3])
})
