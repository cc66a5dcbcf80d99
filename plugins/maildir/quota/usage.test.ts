import { mkdir, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { bufferContent } from 'mailwright'
import { afterEach, expect, it } from 'vitest'
import { interferedFiles, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import {
  createTestMaildir,
  type TestMaildir,
  type TestMaildirOptions,
} from '../../../test/support/stores/maildir.ts'
import { createContext } from '../context.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import { MailboxState } from '../mailbox/mailbox-state.ts'
import { countMailbox, countMaildir, countMessages, octetsInName } from './usage.ts'

const made: TestMaildir[] = []

afterEach(async () => {
  for (const each of made.splice(0)) await each.remove()
})

async function maildir(options: TestMaildirOptions = {}): Promise<TestMaildir> {
  const box = await createTestMaildir(options)
  made.push(box)
  return box
}

/** Lets all directories be older than the clock's tick. */
async function age({ path, names }: TestMaildir): Promise<void> {
  const long = new Date(Date.now() - 60_000)
  for (const mailbox of (await names('.')).filter((name) => name.startsWith('.')).concat('.'))
    for (const directory of ['new', 'cur']) await utimes(join(path, mailbox, directory), long, long)
}

it('counts a file of another program by its octets on the disk, before and after it was looked at', async () => {
  const box = await maildir()
  await box.put('new/1700000000.1_0.host', 'a\nb\n')
  expect(await box.mailboxes.usage()).toEqual({ bytes: 4, messages: 1 })
  await (await box.mailboxes.openMailbox('INBOX')).close()
  expect(await box.mailboxes.usage()).toEqual({ bytes: 4, messages: 1 })
})

it('counts all that is in mailboxes, whatever their names and flags, and nothing else', async () => {
  const box = await maildir()
  await box.deliver('x'.repeat(10))
  await box.deliver('x'.repeat(20), 'Trash', { create: true, flags: ['\\Deleted'] })
  await mkdir(join(box.path, '.odd..name/cur'), { recursive: true })
  await box.put('.odd..name/cur/1.a.host,S=300:2,ST', '')
  await box.put('cur/2.a.host:2,S', 'x'.repeat(4000))
  await box.put('new/3.a.host,W=99999', 'x'.repeat(50_000))
  await box.put('new/4.a.host,S=600000', '')
  await box.put('cur/4.a.host,S=600000:2,', '')
  await box.put('cur/.hidden', 'x')
  await box.put('tmp/5.a.host', 'x')
  await mkdir(join(box.path, 'cur/6.a.host'))
  await symlink('4.a.host,S=600000:2,', join(box.path, 'cur/7.a.host'))
  await symlink('.Trash', join(box.path, '.Other'))
  await mkdir(join(box.path, '.empty'))
  expect(await box.mailboxes.usage()).toEqual({ bytes: 654_330, messages: 6 })
  const context = createContext(box.options)
  expect(await countMailbox(context, join(box.path, '.Trash'))).toEqual({ bytes: 20, messages: 1 })
  expect(await countMailbox(context, join(box.path, '.none'))).toEqual({ bytes: 0, messages: 0 })
})

it('counts what was written with Unix line ends as it came', async () => {
  const box = await maildir({ lineEnds: 'lf' })
  await box.deliver('a\r\nb\r\n')
  const [name = ''] = await box.names('new')
  expect(name).toMatch(/,S=4,W=6$/)
  const [lf, crlf] = (['lf', 'crlf'] as const).map((lineEnds) => createContext({ ...box.options, lineEnds }))
  if (lf === undefined || crlf === undefined) throw new TypeError('two were made')
  expect([octetsInName(lf, name), octetsInName(crlf, name)]).toEqual([6, 4])
  expect(octetsInName(lf, '1700000000.M1P2.host,S=4,W=6')).toBe(4)
  for (const base of ['1.a.host', '1.a.host,S=', '1.a.host,S=1x', '1.a.host,S=-1', '1.a.host,W=5'])
    expect(octetsInName(lf, base), base).toBeUndefined()
  expect(await box.mailboxes.usage()).toEqual({ bytes: 6, messages: 1 })
})

it('counts messages by what their files have, also those that were renamed since', async () => {
  const box = await maildir()
  await box.put('new/1700000000.1_0.host', 'a\nb\n')
  await box.deliver('x'.repeat(10))
  const context = createContext(box.options)
  const place = { account: box.account, name: 'INBOX', path: box.path, root: box.path }
  const state = new MailboxState(context, place, () => undefined)
  await state.sync()
  expect(await countMessages(state, [1, 2, 2, 3])).toEqual({ bytes: 14, messages: 2 })
  const mailbox = await box.mailboxes.openMailbox('INBOX')
  await mailbox.changeFlags([1], { add: ['\\Seen'] })
  // Its size is known with CRLF only.
  expect(await countMessages(state, [1])).toEqual({ bytes: 6, messages: 1 })
  await state.sync()
  expect(await countMessages(state, [1])).toEqual({ bytes: 4, messages: 1 })
})

it('is sure only where nothing changed meanwhile, or just before', async () => {
  const box = await maildir()
  await box.deliver('x'.repeat(10), 'Work', { create: true })
  const context = createContext(box.options)
  expect(await countMaildir(context, box.path)).toMatchObject({ hasChanged: false, isSure: false })
  await age(box)
  expect(await countMaildir(context, box.path)).toEqual({
    sums: { bytes: 10, messages: 1 },
    hasChanged: false,
    isSure: true,
  })
  const content = bufferContent(Buffer.from('x'))
  const interfering: readonly (() => Promise<unknown>)[] = [
    () => box.put('.Work/cur/2.a.host', 'x'),
    () => box.put('new/2.a.host', 'x'),
    () => box.mailboxes.createMailbox('Play'),
    () => box.mailboxes.deleteMailbox('Play'),
    async () => (await box.mailboxes.stage('Work', content, { flags: ['\\Seen'] })).commit(),
  ]
  for (const interfere of interfering) {
    await age(box)
    let waiting = true
    const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
      if (!waiting || name !== 'readdir' || !path.endsWith('.Work/cur')) return
      waiting = false
      await interfere()
    })
    const busy = createContext({ ...box.options, files })
    const count = await countMaildir(busy, box.path)
    expect(count, String(interfere)).toMatchObject({ hasChanged: true, isSure: false })
  }
})
