import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { bufferContent, systemClock } from 'mailwright'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { interferedFiles, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { nodeFileSystem } from '../files/file-system.ts'
import { LockFiles } from '../files/lock-file.ts'

let box: TestMaildir

beforeEach(async () => {
  box = await createTestMaildir()
})
afterEach(() => box.remove())

it('lists what other programs made, whatever they call it', async () => {
  for (const name of ['.Entwürfe', '.Sent', '.A&AC8-B', '.half-made/new'])
    await mkdir(join(box.path, name), { recursive: true })
  await writeFile(join(box.path, '.no-directory'), '')
  await mkdir(join(box.path, 'no-mailbox'))
  expect(await box.mailboxNames()).toEqual(['INBOX', 'A&AC8-B', 'Entwürfe', 'Sent', 'half-made'])
  for (const name of ['Entwürfe', 'A&AC8-B', 'half-made', 'Sent']) {
    await box.deliver('x', name)
    expect(await box.mailboxes.status(name)).toMatchObject({ name, messages: 1 })
  }
  expect(await box.names('.Entwürfe/cur')).toHaveLength(1)
})

it('has nothing to do with directories of other programs', async () => {
  await mkdir(join(box.path, '.notmuch/xapian'), { recursive: true })
  await writeFile(join(box.path, '.notmuch/xapian/postlist.glass'), 'x')
  expect(await box.mailboxNames()).toEqual(['INBOX'])
  const missing = { code: 'MAIL_E_NOT_FOUND' }
  await expect(box.mailboxes.openMailbox('notmuch')).rejects.toMatchObject(missing)
  await expect(box.mailboxes.deleteMailbox('notmuch')).rejects.toMatchObject(missing)
  await expect(box.mailboxes.renameMailbox('notmuch', 'Work')).rejects.toMatchObject(missing)
  const invalid = { code: 'MAIL_E_INVALID' }
  for (const name of ['notmuch', 'notmuch/Work'])
    await expect(box.mailboxes.createMailbox(name)).rejects.toMatchObject(invalid)
  await expect(box.deliver('x', 'notmuch', { create: true })).rejects.toMatchObject(invalid)
  await box.mailboxes.createMailbox('Work')
  await expect(box.mailboxes.renameMailbox('Work', 'notmuch')).rejects.toMatchObject(invalid)
  expect(await box.names('.notmuch')).toEqual(['xapian'])
  expect(await box.names('.notmuch/xapian')).toEqual(['postlist.glass'])
})

it('takes a folder of Sieve scripts for no mailbox, though it has a `tmp` and a name of Dovecot’s', async () => {
  for (const [name, made] of [
    ['.sieve', 'dovecot.sieve'],
    ['.Scripts', 'tmp'],
  ] as const) {
    await mkdir(join(box.path, name))
    if (made === 'tmp') await mkdir(join(box.path, name, made))
    await writeFile(join(box.path, name, 'main.sieve'), 'keep;')
    await writeFile(join(box.path, name, 'dovecot.svbin'), 'x')
  }
  expect(await box.mailboxNames()).toEqual(['INBOX'])
  await expect(box.mailboxes.deleteMailbox('sieve')).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  await mkdir(join(box.path, '.Mixed/new'), { recursive: true })
  await writeFile(join(box.path, '.Mixed/main.sieve'), 'keep;')
  expect(await box.mailboxNames()).toEqual(['INBOX', 'Mixed'])
  await expect(box.mailboxes.deleteMailbox('Mixed')).rejects.toMatchObject({ code: 'MAIL_E_INVALID' })
  expect(await box.names('.Mixed')).toEqual(['main.sieve', 'new'])
})

it.each(['cur', 'new'])('makes the %s that a copy has left out', async (part) => {
  await box.deliver('x', 'Work', { create: true })
  await box.deliver('y')
  for (const path of [box.path, join(box.path, '.Work')])
    await rm(join(path, part), { recursive: true, force: true })
  const work = await box.mailboxes.openMailbox('Work')
  expect(work.entries).toHaveLength(part === 'cur' ? 1 : 0)
  await (await box.again()).append('INBOX', [{ content: bufferContent(Buffer.from('z')) }])
  expect((await box.mailboxes.openMailbox('INBOX')).entries).toHaveLength(part === 'cur' ? 2 : 1)
  await rm(join(box.path, '.Work', part), { recursive: true })
  await box.mailboxes.deleteMailbox('Work')
  expect(await box.mailboxNames()).toEqual(['INBOX'])
})

it('does not follow a link to somebody else’s mailbox', async () => {
  await mkdir(join(box.path, '../other/new'), { recursive: true })
  await symlink('../other', join(box.path, '.Other'))
  expect(await box.mailboxNames()).toEqual(['INBOX'])
  await expect(box.mailboxes.openMailbox('Other')).rejects.toMatchObject({ code: 'MAIL_E_NOT_FOUND' })
  await box.mailboxes.createMailbox('Work')
  await box.mailboxes.deleteMailbox('Work')
  await mkdir(join(box.path, '.Work'))
  await symlink('../../other/new', join(box.path, '.Work/new'))
  await mkdir(join(box.path, '.Work/cur'))
  await mkdir(join(box.path, '.Work/tmp'))
  await expect(box.mailboxes.openMailbox('Work')).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
})

it('tells of the messages that a deleted mailbox had', async () => {
  await box.deliver('x', 'Work', { create: true })
  await box.deliver('y', 'Work')
  await box.mailboxes.deleteMailbox('Work')
  expect(box.retrieval.changes.at(-1)).toMatchObject({
    kind: 'expunged',
    change: { mailbox: 'Work', cause: 'expunge', uids: [1, 2] },
  })
  expect(await box.names('tmp')).toEqual([])
})

it('renames all of a mailbox and its children, or nothing', async () => {
  const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
  const other = await createTestMaildir({ root: box.options.root, files: fault.fileSystem })
  for (const name of ['Work/Bills', 'Work/Letters']) await other.mailboxes.createMailbox(name)
  for (let skip = 0, struck = true; struck; skip++) {
    const end = fault.fail({ skip })
    const done = await other.mailboxes.renameMailbox('Work', 'Play').then(
      () => true,
      () => false,
    )
    struck = end()
    const top = done ? 'Play' : 'Work'
    expect(await other.mailboxNames()).toEqual(['INBOX', top, `${top}/Bills`, `${top}/Letters`])
    if (done && struck) await other.mailboxes.renameMailbox('Play', 'Work')
  }
})

it('renames no mailbox from under those who are at work in it', async () => {
  let opened = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    opened = resolve
  })
  let reached = (): void => undefined
  const atWork = new Promise<void>((resolve) => {
    reached = resolve
  })
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
    if (name !== 'rename' || !path.includes('/.Work.Bills/cur/')) return
    reached()
    await gate
  })
  const slow = await createTestMaildir({ root: box.options.root, files })
  for (const text of ['one', 'two'])
    await box.deliver(text, 'Work/Bills', { create: true, flags: ['\\Seen'] })
  const mailbox = await slow.mailboxes.openMailbox('Work/Bills')
  const flagged = mailbox.changeFlags([1, 2], { add: ['Paid', '\\Flagged'] })
  await atWork
  let renamed = false
  const renaming = box.mailboxes.renameMailbox('Work', 'Play').finally(() => {
    renamed = true
  })
  await pause(100)
  expect(renamed).toBe(false)
  opened()
  expect((await flagged).entries).toHaveLength(2)
  await renaming
  expect((await box.names('.Play.Bills')).filter((name) => name.endsWith('.lock'))).toEqual([])
  const { entries } = await box.mailboxes.openMailbox('Play/Bills')
  expect(entries.map(({ flags }) => flags)).toEqual([
    ['Paid', '\\Flagged', '\\Seen'],
    ['Paid', '\\Flagged', '\\Seen'],
  ])
  await slow.mailboxes.setMetadata('Play', new Map([['/private/comment', Buffer.from('x')]]))
  expect(await box.names('.Play')).not.toContain('mailwright-settings.lock')
})

it('holds no lock, and has made nothing, while it waits for the lock of one mailbox', async () => {
  for (const name of ['Work/Bills', 'Work/Letters']) await box.mailboxes.createMailbox(name)
  const locks = new LockFiles(nodeFileSystem, systemClock)
  const held = await locks.acquire(join(box.path, '.Work.Letters/mailwright-index.lock'))
  const tried = Promise.withResolvers<void>()
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
    if (name === 'readlink' && path.includes('/.Work.Letters/')) tried.resolve()
  })
  const other = await createTestMaildir({ root: box.options.root, files })
  const renaming = other.mailboxes.renameMailbox('Work', 'Play/Here')
  await tried.promise
  await (await locks.acquire(join(box.path, '.Work.Bills/mailwright-index.lock'), 15_000)).release()
  expect(await box.mailboxNames()).toEqual(['INBOX', 'Work', 'Work/Bills', 'Work/Letters'])
  await held.release()
  await renaming
  expect(await box.mailboxNames()).toContain('Play/Here/Letters')
  for (const path of ['.Play.Here', '.Play.Here.Bills', '.Play.Here.Letters'])
    expect((await box.names(path)).filter((name) => name.endsWith('.lock'))).toEqual([])
})

it('takes away the parents that it has made for what cannot be renamed', async () => {
  const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
  const other = await createTestMaildir({ root: box.options.root, files: fault.fileSystem })
  await other.mailboxes.createMailbox('Work/Bills')
  fault.fail({ call: 'rename', path: '.Work.Bills' })
  const renaming = other.mailboxes.renameMailbox('Work', 'Far/Away/Work')
  await expect(renaming).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  expect(await other.mailboxNames()).toEqual(['INBOX', 'Work', 'Work/Bills'])
})

it('renames a level that is no mailbox with one look at what there is', async () => {
  let looks = 0
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
    if (name === 'readdir' && path === box.path) looks += 1
  })
  const other = await createTestMaildir({ root: box.options.root, files })
  const names = Array.from({ length: 20 }, (_, at) => `m${at + 10}`)
  for (const name of names) await other.mailboxes.createMailbox(`Level/${name}`)
  await other.mailboxes.deleteMailbox('Level')
  looks = 0
  await other.mailboxes.renameMailbox('Level', 'New')
  expect(looks).toBe(1)
  expect(await other.mailboxNames()).toEqual(['INBOX', ...names.map((name) => `New/${name}`)])
})

it('leaves no lock behind when a rename fails half-way', async () => {
  const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
  const other = await createTestMaildir({ root: box.options.root, files: fault.fileSystem })
  for (const name of ['Work/Bills', 'Work/Letters']) await other.mailboxes.createMailbox(name)
  for (let skip = 0; skip < 3; skip++) {
    const end = fault.fail({ call: 'rename', path: '.Play', skip })
    await expect(other.mailboxes.renameMailbox('Work', 'Play')).rejects.toMatchObject({
      code: 'MAIL_E_UNAVAILABLE',
    })
    expect(end()).toBe(true)
    for (const path of ['.Work', '.Work.Bills', '.Work.Letters'])
      expect((await box.names(path)).filter((name) => name.endsWith('.lock'))).toEqual([])
  }
})

it('refuses a rename onto a child that is there, and below itself', async () => {
  for (const name of ['Work/Bills', 'Play/Bills']) await box.mailboxes.createMailbox(name)
  await box.mailboxes.deleteMailbox('Play')
  await expect(box.mailboxes.renameMailbox('Work', 'Play')).rejects.toMatchObject({ code: 'MAIL_E_EXISTS' })
  await expect(box.mailboxes.renameMailbox('Work', 'Work/Old')).rejects.toMatchObject({
    code: 'MAIL_E_INVALID',
  })
  expect(await box.mailboxNames()).toEqual(['INBOX', 'Play/Bills', 'Work', 'Work/Bills'])
})

it('completes an account whose making failed at any call', async () => {
  const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
  for (let skip = 0, struck = true; struck; skip++) {
    const root = join(box.options.root, `attempt-${skip}`)
    const end = fault.fail({ skip })
    await createTestMaildir({ root, files: fault.fileSystem }).catch(() => undefined)
    struck = end()
    const made = await createTestMaildir({ root })
    expect(await made.names('.')).toEqual(['cur', 'new', 'tmp'])
    await made.deliver('x')
    await made.store.close()
  }
})
