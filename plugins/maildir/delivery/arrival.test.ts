import { mkdir, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type AppendMessage, bufferContent, type Mailbox, readAll } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { interferedFiles, systemError, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, fileContents, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { createContext } from '../context.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { IndexFile } from '../index/index-file.ts'

let box: TestMaildir

// Time stands still: nothing is done in the background.
const clock = fakeClock(Date.now())

beforeEach(async () => {
  box = await createTestMaildir({ clock })
})
afterEach(() => box.remove())

const message = (text: string, more: Omit<AppendMessage, 'content'> = {}): AppendMessage => ({
  content: bufferContent(Buffer.from(text)),
  ...more,
})
const append = (messages: readonly AppendMessage[], of: TestMaildir = box) =>
  of.mailboxes.append('INBOX', messages)
const inbox = (of: TestMaildir = box): Promise<Mailbox> => of.mailboxes.openMailbox('INBOX')
const indexOf = (path: string): IndexFile => new IndexFile(createContext(box.options), path)
const sharing = (files: FileSystem): Promise<TestMaildir> =>
  createTestMaildir({ root: box.options.root, files, clock })

describe('messages that arrive by the index', () => {
  it('are there with flags, keywords, dates and names, and nothing is left to do but to sync', async () => {
    const internalDate = new Date('1999-12-31T23:59:59Z')
    const flags = ['\\Seen', 'Junk', '\\Flagged']
    const { uids } = await append([message('one', { flags, internalDate, uidl: 'old' }), message('two')])
    expect(uids).toEqual([1, 2])
    expect(await box.names('tmp')).toEqual([])
    expect(await box.names('new')).toEqual([])
    const table = await indexOf(box.path).refresh()
    expect([table?.arriving.length, table?.uidNext]).toEqual([2, 3])
    await box.store.close()
    expect((await indexOf(box.path).refresh())?.isSettled).toBe(true)
    const { entries } = await inbox(await sharing(box.options.files))
    expect(entries).toMatchObject([
      { uid: 1, flags: ['Junk', '\\Flagged', '\\Seen'], internalDate, uidl: 'old', size: 3 },
      { uid: 2, flags: [] },
    ])
    expect(entries[0]?.modSequence, 'one change for all').toBe(entries[1]?.modSequence)
  })

  it.each([
    ['that are wanted and free', [5, 9, 10], [5, 9, 10]],
    ['the next where they were given', [1, 2, 3], [4, 5, 6]],
    ['the next where they do not ascend', [9, 8, 20], [9, 10, 20]],
    ['the next where they are none', [0, -7, 7.5], [4, 5, 6]],
    ['the next where they are too high', [2 ** 32, 2 ** 32 - 1, Number.NaN], [4, 5, 6]],
  ])('get the UIDs %s', async (_, wanted, given) => {
    await append([message('a'), message('b'), message('c')])
    expect((await append(wanted.map((uid) => message(`wants ${uid}`, { uid })))).uids).toEqual(given)
    expect((await inbox()).uidNext).toBe((given.at(-1) ?? 0) + 1)
  })

  it('get none where none is left, and leave nothing behind', async () => {
    expect((await append([message('one', { uid: 2 ** 32 - 3 })])).uids).toEqual([2 ** 32 - 3])
    await expect(append([message('two'), message('three')])).rejects.toMatchObject({
      code: 'MAIL_E_UNAVAILABLE',
    })
    expect((await append([message('four')])).uids).toEqual([2 ** 32 - 2])
    await expect(append([message('five')])).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    await box.put('new/1.a.h', 'of another program')
    expect((await fileContents(box.path)).toSorted()).toEqual(['four', 'of another program', 'one'])
    expect(await box.names('tmp')).toEqual([])
  })

  it('with a date that is none do no harm to the others', async () => {
    await append([message('one', { flags: ['Junk'] })])
    const { uidValidity } = await inbox()
    const internalDate = new Date(Number.NaN)
    const code = 'MAIL_E_INVALID'
    await expect(append([message('two', { internalDate })])).rejects.toMatchObject({ code })
    const flagged = box.deliver('three', 'INBOX', { internalDate, flags: ['Junk'] })
    await expect(flagged).rejects.toMatchObject({ code })
    expect(await box.names('tmp')).toEqual([])
    await append([message('four')])
    const mailbox = await inbox(await sharing(box.options.files))
    expect(mailbox.uidValidity).toBe(uidValidity)
    expect(mailbox.entries[0]?.flags).toEqual(['Junk'])
    for (const { internalDate: date } of mailbox.entries) expect(Number.isNaN(date.getTime())).toBe(false)
  })

  it('are moved into place later where that fails, and are whole meanwhile', async () => {
    let stuck = true
    const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
      if (stuck && call.name === 'rename' && call.path.includes('/cur/')) throw systemError('EIO', call)
    })
    const other = await sharing(files)
    expect((await append([message('one'), message('two')], other)).uids).toEqual([1, 2])
    expect(await box.names('tmp')).toHaveLength(2)
    stuck = false
    const mailbox = await inbox()
    const texts = await Promise.all([1, 2].map(async (uid) => readAll(await mailbox.content(uid))))
    expect(texts.map(String)).toEqual(['one', 'two'])
    expect(await box.names('tmp')).toEqual([])
  })

  it('are moved by whoever comes after a power cut that put them back into tmp', async () => {
    await append([message('one', { flags: ['\\Seen'] }), message('two')])
    for (const name of await box.names('cur')) {
      const base = name.slice(0, name.indexOf(':'))
      await rename(join(box.path, 'cur', name), join(box.path, 'tmp', base))
    }
    const mailbox = await inbox(await sharing(box.options.files))
    expect(mailbox.entries.map(({ uid, flags }) => [uid, flags])).toEqual([
      [1, ['\\Seen']],
      [2, []],
    ])
    expect(await fileContents(box.path)).toEqual(['one', 'two'])
    expect(await box.names('tmp')).toEqual([])
  })

  it('are synced together, and the index says so when that is done; not before', async () => {
    const synced: string[] = []
    const files = interferedFiles(nodeFileSystem, ({ name, path }) => {
      if (name === 'file.sync') synced.push(basename(path))
    })
    const other = await sharing(files)
    for (const text of ['one', 'two', 'three']) await append([message(text)], other)
    expect(synced.filter((name) => name === 'cur')).toEqual([])
    expect((await indexOf(box.path).refresh())?.arriving).toHaveLength(3)
    await other.store.close()
    expect(synced.filter((name) => name === 'cur')).toEqual(['cur'])
    expect((await indexOf(box.path).refresh())?.arriving).toEqual([])
  })

  it('are no work for another process, but are synced by it where the first one does not', async () => {
    await append([message('one'), message('two')])
    const calls: string[] = []
    const files = interferedFiles(nodeFileSystem, ({ name, path }) => {
      if (name === 'rename' || name === 'file.sync') calls.push(`${name} ${basename(path)}`)
    })
    const other = await sharing(files)
    expect((await inbox(other)).entries).toHaveLength(2)
    expect(calls).toEqual([])
    await other.store.close()
    expect(calls).toEqual(['file.sync cur'])
    expect((await indexOf(box.path).refresh())?.isSettled).toBe(true)
  })

  it('are synced at once where there are many', async () => {
    const many = Array.from({ length: 1001 }, (_, number) => message(`number ${number}`))
    await append(many)
    expect((await indexOf(box.path).refresh())?.isSettled).toBe(true)
    expect(await box.names('tmp')).toEqual([])
  })

  it('are none where the index cannot be written, and their UIDs are not given to others', async () => {
    await append([message('one')])
    let failing = true
    const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
      if (failing && call.name === 'file.datasync' && call.path.endsWith('mailwright-index')) {
        failing = false
        throw systemError('EIO', call)
      }
    })
    const other = await sharing(files)
    failing = false
    await (await inbox(other)).close()
    failing = true
    await expect(append([message('two'), message('three')], other)).rejects.toMatchObject({
      code: 'MAIL_E_UNAVAILABLE',
    })
    expect(await box.names('tmp')).toEqual([])
    expect((await append([message('four')])).uids).toEqual([4])
    expect(await fileContents(box.path)).toEqual(['one', 'four'])
  })
})

it.each([
  ['append', (of: TestMaildir) => append([message('one'), message('two')], of)],
  ['a delivery with flags', (of: TestMaildir) => of.deliver('one', 'INBOX', { flags: ['Junk'] })],
])('leaves nothing of %s behind where the mailbox cannot be locked', async (_, deed) => {
  let failing = false
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (failing && call.name === 'symlink') throw systemError('EIO', call)
  })
  const other = await sharing(files)
  failing = true
  await expect(deed(other)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  expect(await box.names('tmp')).toEqual([])
  failing = false
  await deed(other)
  expect((await inbox()).entries.length).toBeGreaterThan(0)
})

it('arrives in a mailbox that lost its directories', async () => {
  await box.mailboxes.createMailbox('Work')
  await mkdir(join(box.path, '.Bare'))
  for (const name of ['Work', 'Bare']) {
    expect((await box.mailboxes.append(name, [message('x', { flags: ['Junk'] })])).uids).toEqual([1])
    expect(await fileContents(join(box.path, `.${name}`))).toEqual(['x'])
  }
})
