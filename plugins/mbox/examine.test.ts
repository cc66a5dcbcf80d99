import { lstat, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreFault } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createTestMbox, type TestMbox } from '../../test/support/stores/mbox.ts'

let box: TestMbox

beforeEach(async () => {
  box = await createTestMbox()
  for (const subject of ['one', 'two', 'three']) await box.deliver(`Subject: ${subject}\r\n\r\nbody\r\n`)
  await box.mailboxes.status('INBOX')
})
afterEach(() => box.remove())

const examine = (repair = false): Promise<readonly StoreFault[]> => box.store.examine(box.account, { repair })
const index = (): string => join(box.path, 'mail/.mailwright/INBOX.index')
const problems = (faults: readonly StoreFault[]): readonly string[] =>
  faults.map(({ mailbox, problem }) => `${mailbox}: ${problem.replace(/: .*/, '')}`)

/** Demands that something is found twice, then repaired once, and then not there any more. */
async function expectRepaired(...found: readonly string[]): Promise<void> {
  expect(problems(await examine())).toEqual(found)
  expect(problems(await examine(true))).toEqual(found)
  expect(await examine()).toEqual([])
}

/** Changes a file without a trace in its times. */
async function damage(path: string, change: (text: string) => string, read: string): Promise<void> {
  const { atime, mtime } = await lstat(path)
  await writeFile(path, change(read), 'latin1')
  await utimes(path, atime, mtime)
}

it('finds an index that cannot be read, and makes it anew', async () => {
  await writeFile(index(), 'garbage')
  await expectRepaired('INBOX: its index cannot be read')
  const { entries } = await box.mailboxes.openMailbox('INBOX')
  expect(entries.map(({ uid }) => uid)).toEqual([1, 2, 3])
})

it('takes what others have done since for no damage', async () => {
  await damage(join(box.path, 'inbox'), (text) => text.replace('body', 'BODY'), await box.read())
  expect(await examine()).toEqual([])
  expect((await box.mailboxes.openMailbox('INBOX')).entries.map(({ uid }) => uid)).toEqual([2, 3, 4])
})

it('finds a change that was begun and not ended', async () => {
  await writeFile(join(box.path, 'mail/.mailwright/INBOX.pending'), 'garbage')
  await expectRepaired('INBOX: a change of its file was begun and not ended')
  expect((await box.mailboxes.status('INBOX')).messages).toBe(3)
})

it('finds a file that is none, and leaves it alone', async () => {
  await box.write('some text\n', 'mail/notes')
  for (const repair of [false, true, false])
    expect(problems(await examine(repair))).toEqual(['notes: its file does not begin with a postmark'])
  expect(await box.read('mail/notes')).toBe('some text\n')
})

it('finds locks and deliveries that were left behind, when they are old', async () => {
  const spooled = join(box.path, 'mail/.mailwright/spool/left')
  const left = [join(box.path, 'inbox.lock.x'), join(box.path, '.mailwright-lock-1-2-3'), spooled]
  for (const path of left) await writeFile(path, '')
  expect(await examine()).toEqual([])
  const old = new Date(Date.now() - 40 * 3_600_000)
  for (const path of left) await utimes(path, old, old)
  await expectRepaired(
    'INBOX: a lock was left behind',
    'INBOX: 1 messages were left in the spool by deliveries that did not end',
  )
  expect(await readdir(join(box.path, 'mail/.mailwright/spool'))).toEqual([])
})

it('finds two files of one mailbox', async () => {
  await box.mailboxes.createMailbox('Work')
  await box.write('', 'mail/Work.messages')
  expect(problems(await examine(true))).toEqual([
    `Work: two files hold messages; ${join(box.path, 'mail/Work.messages')} is not shown`,
  ])
})

it('tells of messages that were set aside', async () => {
  await box.mailboxes.createMailbox('Work')
  await writeFile(join(box.path, 'mail/.Work.mailwright.rescued.17'), '')
  expect(problems(await examine(true))).toEqual([
    'INBOX: messages were set aside, for somebody had replaced the file during a change',
  ])
})
