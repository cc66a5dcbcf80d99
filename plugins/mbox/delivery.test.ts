import { appendFile, lstat, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { bufferContent, errorCode, readAll } from 'mailwright'
import { postmark } from 'mailwright/formats'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, expect, it } from 'vitest'
import {
  createTestMbox,
  type TestMbox,
  type TestMboxOptions,
  unsyncedMboxFiles,
} from '../../test/support/stores/mbox.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'

const made: TestMbox[] = []
const message = 'From: a@example.org\r\nSubject: x\r\n\r\nbody\r\n'
const internalDate = new Date(2026, 1, 3, 4, 5, 6)
const mark = `${postmark('', internalDate)}\n`

async function mbox(options: TestMboxOptions = {}): Promise<TestMbox> {
  const box = await createTestMbox(options)
  made.push(box)
  return box
}

afterEach(async () => {
  for (const each of made.splice(0)) await each.remove()
})

/** What a file is with the padding of fields taken away. */
function unpadded(text: string): string {
  return text.replace(/ +$/gm, '')
}

async function textsOf(box: TestMbox): Promise<readonly string[]> {
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  const texts: string[] = []
  for (const { uid } of mailbox.entries)
    texts.push((await readAll(await mailbox.content(uid))).toString('latin1'))
  return texts
}

it('writes a message with room for its fields, and one that is first with room for the mailbox’s', async () => {
  const box = await mbox()
  await box.deliver(message, 'INBOX', { internalDate })
  await box.deliver(message, 'INBOX', { internalDate, flags: ['\\Seen', '\\Draft', 'label'] })
  const body = 'From: a@example.org\nSubject: x\n\nbody\n\n'
  expect(unpadded(await box.read())).toBe(
    `${mark}X-IMAPbase:\nX-UID:\nStatus:\nX-Status:\nX-Keywords:\n${body}` +
      `${mark}X-UID:\nStatus: R\nX-Status: T\nX-Keywords: label\n${body}`,
  )
  const { size } = await lstat(join(box.path, 'inbox'))
  const { uidValidity } = await box.mailboxes.status('INBOX')
  const text = unpadded(await box.read())
  expect(text).toContain(`X-IMAPbase: ${uidValidity} 0000000002\nX-UID: 1\n`)
  expect(text).toContain('X-UID: 2\nStatus: R\n')
  expect((await lstat(join(box.path, 'inbox'))).size, 'numbers are put in their places').toBe(size)
})

it('names the sender that Return-Path tells in the header', async () => {
  const box = await mbox()
  await box.deliver(`Return-Path: <ann@example.org>\r\n${message}`)
  await box.deliver(`${message}\r\nReturn-Path: <nobody@example.org>\r\n`)
  const marks = (await box.read()).match(/^From \S+ (?=[A-Z])/gm)
  expect(marks).toEqual(['From ann@example.org ', 'From MAILER-DAEMON '])
})

it('keeps a sender’s fields apart from those of the file', async () => {
  const box = await mbox()
  const hostile = `X-IMAP: 1 5\r\nX-IMAPbase: 1 5\r\nStatus: RO\r\nX-Status: D\r\nX-UID: 4000\r\nX-Keywords: evil\r\nContent-Length: 1\r\nX-UIDL: taken\r\n${message}`
  await box.deliver(hostile)
  await box.deliver(hostile)
  expect(await textsOf(box)).toEqual([hostile, hostile])
  const { entries } = await box.mailboxes.openMailbox('INBOX')
  expect(entries.map(({ uid, flags, uidl }) => [uid, flags, uidl])).toEqual([
    [1, [], undefined],
    [2, [], undefined],
  ])
  expect(unpadded(await box.read())).toContain('>Status: RO\n>X-Status: D\n>X-UID: 4000\n')
})

it('gives the file the empty line that another program has not written', async () => {
  for (const text of ['no end', 'one\n', '\n', 'Subject: folded\n\n']) {
    const box = await mbox()
    await box.write(`From a@example.org Sat Nov 28 21:53:22 2026\n${text}`)
    await box.deliver(message)
    const own =
      text === 'no end' ? 'no end\r\n' : text.replace(/\n\n$/, '\n').replace(/^\n$/, '').replace('\n', '\r\n')
    expect(await textsOf(box), JSON.stringify(text)).toEqual([own, message])
  }
})

it('lets nobody else read what it makes', async () => {
  const box = await mbox()
  await box.deliver(message, 'Work/Bills', { create: true })
  await box.mailboxes.status('INBOX')
  for (const name of ['inbox', 'mail/Work.messages', 'mail/Work/Bills', 'mail/.mailwright/INBOX.index'])
    expect((await lstat(join(box.path, name))).mode & 0o777, name).toBe(0o600)
  for (const name of ['mail', 'mail/Work', 'mail/.mailwright', 'mail/.mailwright/spool'])
    expect((await lstat(join(box.path, name))).mode & 0o777, name).toBe(0o700)
})

it('flushes the message before it is in the mailbox, and the mailbox before it answers', async () => {
  const fault = faultyFileSystem(nodeFileSystem)
  const box = await mbox({ files: fault.fileSystem })
  await box.deliver(message)
  const from = fault.calls.length
  await box.deliver(message)
  const calls = fault.calls
    .slice(from)
    .map(({ name, path }) => `${name} ${path.slice(path.lastIndexOf('/') + 1)}`)
  const order = calls.filter((call) => /datasync|sync |rename|link inbox|unlink .*lock$/.test(call))
  expect(
    order.map((call) => call.replace(/\d+\.\d+\.\d+\.\w+/, 'SPOOLED').replace(/lock-.*/, 'LOCK')),
  ).toEqual([
    'file.datasync SPOOLED',
    'file.datasync .mailwright-LOCK',
    'link inbox.lock',
    'rename INBOX.pending',
    'file.datasync inbox',
    'unlink inbox.lock',
  ])
})

it('shares the lock and the flush between deliveries that come together', async () => {
  const fault = faultyFileSystem(nodeFileSystem)
  const box = await mbox({ files: fault.fileSystem })
  const staged = await Promise.all(
    Array.from({ length: 20 }, () => box.mailboxes.stage('INBOX', bufferContent(Buffer.from(message)))),
  )
  const from = fault.calls.length
  await Promise.all(staged.map((each) => each.commit()))
  const flushes = fault.calls
    .slice(from)
    .filter(({ name, path }) => name === 'file.datasync' && path.endsWith('/inbox'))
  expect(flushes.length).toBeLessThanOrEqual(2)
  expect(await textsOf(box)).toHaveLength(20)
})

it.each(['ENOSPC', 'EIO', 'EMFILE', 'EDQUOT', 'EROFS', 'EACCES'])(
  'leaves nothing behind when any call fails with %s',
  async (code) => {
    const fault = faultyFileSystem(unsyncedMboxFiles(nodeFileSystem))
    const box = await mbox({ files: fault.fileSystem })
    await box.deliver(message)
    let delivered = 1
    for (let skip = 0, struck = true; struck; skip++) {
      const end = fault.fail({ skip, error: code })
      const error = await box.deliver(message).then(
        () => undefined,
        (problem: unknown) => problem,
      )
      struck = end()
      if (error === undefined) delivered += 1
      else expect(errorCode(error)).toBe(code === 'EDQUOT' ? 'MAIL_E_OVER_QUOTA' : 'MAIL_E_UNAVAILABLE')
      const found = (await box.read()).match(/^From MAILER/gm)
      expect(found, `after call ${skip}`).toHaveLength(delivered)
      expect((await box.read()).endsWith('\nbody\n\n')).toBe(true)
    }
    // The next delivery has replaced what was left of the failed ones' locks.
    expect(await box.names('.')).not.toContain('inbox.lock')
  },
)

it('reports a full disk in the middle of a large message, and shortens the file again', async () => {
  const fault = faultyFileSystem(unsyncedMboxFiles(nodeFileSystem))
  const box = await mbox({ files: fault.fileSystem })
  await box.deliver(message)
  const before = await box.read()
  for (const path of ['spool/', 'inbox']) {
    fault.fail({ call: 'file.write', path, skip: 2, error: 'ENOSPC' })
    await expect(box.deliver('x'.repeat(3_000_000))).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    expect(await box.read()).toBe(before)
    expect(await box.names('mail/.mailwright/spool')).toEqual([])
  }
})

it('gives up a delivery into a mailbox that was deleted meanwhile', async () => {
  const box = await mbox()
  const content = bufferContent(Buffer.from(message))
  await box.mailboxes.createMailbox('Work')
  const staged = await box.mailboxes.stage('Work', content)
  await box.mailboxes.deleteMailbox('Work')
  await expect(staged.commit()).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  expect(await box.names('mail/.mailwright/spool')).toEqual([])
})

it.each([true, false])(
  'makes a mailbox again that goes away amid a commit, if it may: %s',
  async (create) => {
    const plain = unsyncedMboxFiles(nodeFileSystem)
    let goesAway = false
    const files: FileSystem = {
      ...plain,
      async open(path, ...rest) {
        if (goesAway && path.endsWith('/mail/Work')) await rm(path)
        if (path.endsWith('/mail/Work')) goesAway = false
        return plain.open(path, ...rest)
      },
    }
    const box = await mbox({ files })
    await box.mailboxes.createMailbox('Work')
    const staged = await box.mailboxes.stage('Work', bufferContent(Buffer.from(message)), { create })
    goesAway = true
    const committed = await staged.commit().then(
      () => 'it works',
      (error: unknown) => errorCode(error),
    )
    expect(goesAway).toBe(false)
    expect(committed).toBe(create ? 'it works' : 'MAIL_E_NOT_FOUND')
    if (create) expect((await box.mailboxes.status('Work')).messages).toBe(1)
    expect(await box.names('mail/.mailwright/spool')).toEqual([])
  },
)

it('commits once, however often it is asked', async () => {
  const box = await mbox()
  const staged = await box.mailboxes.stage('INBOX', bufferContent(Buffer.from(message)))
  await Promise.all([staged.commit(), staged.commit(), staged.abort()])
  expect(await textsOf(box)).toHaveLength(1)
  expect(box.retrieval.changes).toHaveLength(1)
})

it('removes what a failure of the power has left of an append', async () => {
  const box = await mbox()
  await box.deliver(message)
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  for (const behind of ['', 'From a@example.org Sat Nov 28 21:53:22 2026\nSubject: behind\n\n']) {
    await appendFile(join(box.path, 'inbox'), '\0'.repeat(9000) + behind)
    await mailbox.refresh()
    expect(await box.read()).not.toContain('\0')
    expect(mailbox.entries).toHaveLength(behind === '' ? 1 : 2)
  }
  expect(mailbox.entries[0]?.uid).toBe(1)
})
