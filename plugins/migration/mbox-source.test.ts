import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { readAll } from 'mailwright'
import { codeOf } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memorySpool } from '../../test/support/memory-spool.ts'
import { MboxFilesSource } from './mbox-source.ts'
import type { LoadedMessages, OpenedSource, SourceEntry } from './source.ts'

let root = ''
let spool = memorySpool()
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-mbox-'))
  spool = memorySpool()
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function put(path: string, text: string): Promise<string> {
  const file = join(root, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  return file
}

const day = 'Thu Jan  2 03:04:05 2020 +0000'
const message = (subject: string, more = ''): string =>
  `From jo@example.org ${day}\n${more}Subject: ${subject}\n\nbody\n\n`

async function open(path: string): Promise<OpenedSource> {
  const source = new MboxFilesSource(path, spool)
  const [mailbox] = await source.mailboxes()
  if (mailbox === undefined) throw new Error('no mailbox')
  return source.open(mailbox)
}

async function entriesOf(opened: OpenedSource): Promise<readonly SourceEntry[]> {
  const entries: SourceEntry[] = []
  for await (const entry of opened.entries()) entries.push(entry)
  return entries
}

async function texts({ messages }: LoadedMessages): Promise<readonly string[]> {
  return Promise.all(messages.map(async ({ content }) => String(await readAll(content))))
}

it('reads messages with flags, keywords, UIDs and dates, without the fields that hold them', async () => {
  const path = await put(
    'inbox',
    message('1', 'X-IMAPbase: 7 20 Work\nX-UID: 4\nStatus: RO\nX-Status: AF\nX-Keywords: Work $Label1\n') +
      `From jo@example.org ${day}\nSubject: 2\n\n>From here\n>>From there\n`,
  )
  const opened = await open(path)
  const entries = await entriesOf(opened)
  expect(entries).toEqual([
    expect.objectContaining({
      uid: 4,
      flags: ['$Label1', 'Work', '\\Answered', '\\Flagged', '\\Seen'],
      internalDate: new Date('2020-01-02T03:04:05Z'),
      label: 'message at octet 0',
    }),
    expect.objectContaining({ flags: [] }),
  ])
  const loaded = await opened.load(entries)
  expect(await texts(loaded)).toEqual([
    'Subject: 1\r\n\r\nbody\r\n',
    'Subject: 2\r\n\r\nFrom here\r\n>From there\r\n',
  ])
  await loaded.dispose()
  expect(spool.disposed).toBe(2)
  await opened.close()
})

it('leaves out the message that UW-imapd keeps for itself, and UIDs that nobody has given', async () => {
  const internal =
    'From MAILER-DAEMON Thu Jan  2 03:04:05 2020\nSubject: DO NOT DELETE\nX-IMAP: 0000000007 0000000009\nStatus: RO\n\ninternal\n\n'
  const path = await put('inbox', internal + message('1', 'X-UID: 5\n'))
  expect(await entriesOf(await open(path))).toMatchObject([{ uid: 5 }])
  const plain = await put('plain', message('1', 'X-UID: 5\n'))
  expect((await entriesOf(await open(plain)))[0]?.uid).toBeUndefined()
})

describe('files of Thunderbird', () => {
  it('gives flags and tags, and leaves out what was deleted and not compacted yet', async () => {
    const own = (status: string, keys = ' '.repeat(80)): string =>
      `X-Account-Key: account1\nX-UIDL: 7\nX-Mozilla-Status: ${status}\nX-Mozilla-Status2: 00000000\nX-Mozilla-Keys: ${keys}\n`
    const path = await put(
      'Inbox',
      message('1', own('1007', '$label1 work')) + message('2', own('0009')) + message('3', own('0000')),
    )
    const opened = await open(path)
    const entries = await entriesOf(opened)
    expect(entries.map(({ flags }) => flags)).toEqual([
      ['$Forwarded', '$label1', '\\Answered', '\\Flagged', '\\Seen', 'work'],
      [],
    ])
    expect(await texts(await opened.load(entries))).toEqual([
      'X-Account-Key: account1\r\nSubject: 1\r\n\r\nbody\r\n',
      'X-Account-Key: account1\r\nSubject: 3\r\n\r\nbody\r\n',
    ])
  })

  it('know messages again whose flags changed', async () => {
    const path = await put('Inbox', message('1', 'X-Mozilla-Status: 0000\nX-Mozilla-Keys: \n'))
    const before = (await entriesOf(await open(path))).map(({ key }) => key)
    await put('Inbox', message('1', 'X-Mozilla-Status: 0001\nX-Mozilla-Keys: work\n'))
    expect((await entriesOf(await open(path))).map(({ key }) => key)).toEqual(before)
  })

  it('are not what a sender makes them', async () => {
    const received = 'Received: by mail.example\nX-Mozilla-Status: 0009\n'
    const opened = await open(await put('Inbox', message('1', received)))
    const entries = await entriesOf(opened)
    expect(entries).toMatchObject([{ flags: [] }])
    expect(await texts(await opened.load(entries))).toEqual([expect.stringContaining('X-Mozilla-Status')])
  })
})

it('knows messages again wherever they stand, and whatever their flags are', async () => {
  const path = await put('inbox', message('1') + message('1') + message('2', 'Status: O\n'))
  const before = (await entriesOf(await open(path))).map(({ key }) => key)
  expect(new Set(before).size).toBe(3)
  await put('inbox', message('0') + message('1', 'Status: RO\n') + message('2', 'Status: RO\nX-Status: D\n'))
  const after = (await entriesOf(await open(path))).map(({ key }) => key)
  expect(after.slice(1)).toEqual([before[0], before[2]])
})

it('names the mailboxes of a tree by their files', async () => {
  await put('Inbox', message('1'))
  await put('Work.mbox', message('1'))
  await put('Work.sbd/Bills', '')
  await put('Apple.mbox/mbox', message('1'))
  await put('R&AOk-sum&AOk-', message('1'))
  await put('Inbox.msf', 'index')
  await put('.hidden', 'x')
  await put('notes.txt', 'no mail')
  await put('.subscriptions', 'Work\nWork/Bills\n')
  await symlink(join(root, 'Inbox'), join(root, 'Link'))
  const source = new MboxFilesSource(root, spool)
  expect((await source.mailboxes()).map(({ levels, octets }) => [levels, octets === 0])).toEqual([
    [['Inbox'], false],
    [['Apple'], false],
    [['Résumé'], false],
    [['Work'], false],
    [['Work', 'Bills'], true],
  ])
  expect(source.skipped.map(({ what }) => what).sort()).toEqual([join(root, 'Link'), join(root, 'notes.txt')])
  expect(await source.subscriptions()).toEqual([['Work'], ['Work', 'Bills']])
})

it.each(['missing', 'empty', 'text'])('says where there is no mbox: %s', async (name) => {
  if (name === 'empty') await mkdir(join(root, name))
  if (name === 'text') await put(name, 'no mail')
  const error = await new MboxFilesSource(join(root, name), spool)
    .mailboxes()
    .catch((thrown: unknown) => thrown)
  expect(codeOf(error)).toBe(name === 'text' ? 'MAIL_E_INVALID' : 'MAIL_E_NOT_FOUND')
})

it('waits for no pipe', async () => {
  await put('box', message('1'))
  execFileSync('mkfifo', [join(root, 'pipe')])
  expect((await new MboxFilesSource(root, spool).mailboxes()).map(({ levels }) => levels)).toEqual([['box']])
})

it('leaves the last message for the next time when the file is being written to', async () => {
  const path = await put('inbox', message('1') + message('2'))
  const source = new MboxFilesSource(path, spool)
  const [mailbox] = await source.mailboxes()
  if (mailbox === undefined) throw new Error('no mailbox')
  const opened = await source.open(mailbox)
  const labels: string[] = []
  for await (const { label } of opened.entries()) {
    labels.push(label)
    await appendFile(path, 'more of the last message\n')
  }
  expect(labels).toHaveLength(1)
  expect(source.skipped).toHaveLength(1)
})

it('imports nothing that is not there any more, but what still stands in its place', async () => {
  const path = await put('inbox', message('1') + message('2') + message('3'))
  const opened = await open(path)
  const entries = await entriesOf(opened)
  await writeFile(path, message('1') + message('X') + message('3'))
  const loaded = await opened.load(entries)
  expect(await texts(loaded)).toEqual(['Subject: 1\r\n\r\nbody\r\n', 'Subject: 3\r\n\r\nbody\r\n'])
  expect(loaded.failed.map(({ problem }) => problem)).toEqual([
    expect.stringContaining('changed while it was read'),
  ])
})

it('changes nothing', async () => {
  const text = message('1') + message('2')
  const path = await put('inbox', text)
  const opened = await open(path)
  await opened.load(await entriesOf(opened))
  await opened.close()
  expect(await readFile(path, 'utf8')).toBe(text)
})
