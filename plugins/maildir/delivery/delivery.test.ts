import { constants } from 'node:fs'
import { readFile, rmdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { bufferContent, errorCode } from 'mailwright'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, expect, it } from 'vitest'
import { interferedFiles, systemError, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import {
  createTestMaildir,
  type TestMaildir,
  type TestMaildirOptions,
} from '../../../test/support/stores/maildir.ts'
import { type FileSystem, nodeFileSystem } from '../files/file-system.ts'

const made: TestMaildir[] = []
const message = 'From: a@example.org\r\nSubject: x\r\n\r\nbody\r\n'

async function maildir(options: TestMaildirOptions = {}): Promise<TestMaildir> {
  const result = await createTestMaildir(options)
  made.push(result)
  return result
}

afterEach(async () => {
  for (const each of made.splice(0)) await each.remove()
})

it('puts a message into new, one with flags into cur, with both sizes in the name', async () => {
  const box = await maildir()
  await box.deliver(message, 'INBOX', { flags: ['\\Seen', '\\Flagged'] })
  await box.deliver(message)
  const [fresh = ''] = await box.names('new')
  expect(fresh).toMatch(/^\d+\.M\d+P\d+Q\d+R[0-9a-f]{16}\.mail\.example\.org,S=41,W=41$/)
  expect(await box.names('cur')).toEqual([expect.stringMatching(/,S=41,W=41:2,FS$/)])
  expect(await readFile(join(box.path, 'new', fresh), 'latin1')).toBe(message)
})

it('writes Unix lines where the options say so, and tells both sizes', async () => {
  const box = await maildir({ lineEnds: 'lf' })
  await box.deliver(message)
  const [name = ''] = await box.names('new')
  expect(name).toMatch(/,S=37,W=41$/)
  expect(await readFile(join(box.path, 'new', name), 'latin1')).toBe(message.replaceAll('\r\n', '\n'))
})

it('lets nobody else read what it makes', async () => {
  const box = await maildir()
  await box.deliver(message, 'Work/Bills', { create: true })
  const [name = ''] = await box.names('.Work.Bills/new')
  expect((await stat(join(box.path, '.Work.Bills/new', name))).mode & 0o777).toBe(0o600)
  for (const directory of ['.', 'cur', 'new', 'tmp', '.Work', '.Work.Bills', '.Work.Bills/tmp'])
    expect((await stat(join(box.path, directory))).mode & 0o777, directory).toBe(0o700)
  expect(await box.names('.Work')).toContain('maildirfolder')
  expect(await box.names('.')).not.toContain('maildirfolder')
})

it('keeps the date it is given as the file’s', async () => {
  const box = await maildir()
  await box.deliver(message, 'INBOX', { internalDate: new Date('2001-02-03T04:05:06.789Z') })
  const [name = ''] = await box.names('new')
  expect((await stat(join(box.path, 'new', name))).mtime.toISOString()).toBe('2001-02-03T04:05:06.789Z')
  const { entries } = await box.mailboxes.openMailbox('INBOX')
  expect(entries[0]?.internalDate.toISOString()).toBe('2001-02-03T04:05:06.789Z')
})

it('syncs the file before it has its name, and the directory before it answers', async () => {
  const calls: string[] = []
  const opened: number[] = []
  // What nobody waits for may come at any time: closing, and looking for a `maildirsize`.
  const waited = (name: string): boolean => name !== 'file.close' && name !== 'lstat'
  const watched = interferedFiles(nodeFileSystem, ({ name }) => void (waited(name) && calls.push(name)))
  const open: FileSystem['open'] = (path, flags, mode) => {
    opened.push(flags & constants.O_DSYNC)
    return watched.open(path, flags, mode)
  }
  const files = { ...watched, open }
  const box = await maildir({ files })
  calls.length = 0
  await box.deliver(message)
  expect(calls).toEqual(['open', 'file.write', 'rename', 'open', 'file.sync'])
  // What is written into the message's file is durable by then.
  expect(opened.at(-2)).toBe(constants.O_DSYNC)
  calls.length = 0
  await box.deliver(message, 'INBOX', { internalDate: new Date() })
  expect(calls.slice(2, 4)).toEqual(['file.utimes', 'file.sync'])
  expect(opened.at(-2)).toBe(0)
})

it.each(['ENOSPC', 'EIO', 'EMFILE', 'EDQUOT', 'EROFS', 'EACCES'])(
  'leaves nothing behind when any call fails with %s',
  async (code) => {
    const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
    const box = await maildir({ files: fault.fileSystem })
    let delivered = 0
    for (let skip = 0, struck = true; struck; skip++) {
      const end = fault.fail({ skip, error: code })
      const error = await box.deliver(message).then(
        () => undefined,
        (problem: unknown) => problem,
      )
      struck = end()
      if (error === undefined) delivered += 1
      else expect(errorCode(error)).toBe(code === 'EDQUOT' ? 'MAIL_E_OVER_QUOTA' : 'MAIL_E_UNAVAILABLE')
      expect(await box.names('tmp'), `after call ${skip}`).toEqual([])
      expect(await box.names('new'), `after call ${skip}`).toHaveLength(delivered)
    }
    // Only closing what was flushed and looking for `maildirsize` can fail without harm, and then one goes well.
    expect(delivered).toBeLessThanOrEqual(4)
  },
)

it('leaves nothing behind when any call fails that is made with a log', async () => {
  const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
  const box = await maildir({ files: fault.fileSystem, deliveryLog: 'atOnce' })
  let delivered = 0
  for (let skip = 0, struck = true; struck; skip++) {
    const end = fault.fail({ skip })
    const error = await box.deliver(message).then(
      () => undefined,
      (problem: unknown) => problem,
    )
    struck = end()
    if (error === undefined) delivered += 1
    else expect(errorCode(error)).toBe('MAIL_E_UNAVAILABLE')
    expect(await box.names('tmp'), `after call ${skip}`).toEqual([])
    expect(await box.names('new'), `after call ${skip}`).toHaveLength(delivered)
  }
  await box.store.close()
  expect(await box.files()).toHaveLength(delivered)
})

it.each([false, 'atOnce'] as const)(
  'leaves nothing behind where the rename was made, but its answer got lost; log: %s',
  async (deliveryLog) => {
    const fault = faultyFileSystem(unsyncedFiles(nodeFileSystem))
    const box = await maildir({ files: fault.fileSystem, deliveryLog })
    fault.fail({ call: 'rename', when: 'after' })
    await expect(box.deliver(message)).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    expect([await box.names('tmp'), await box.names('new')]).toEqual([[], []])
  },
)

it('reports a full disk in the middle of a large message', async () => {
  let written = 0
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (call.name === 'file.write' && ++written === 3) throw systemError('ENOSPC', call)
  })
  const box = await maildir({ files })
  await expect(box.deliver('x'.repeat(2_000_000))).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  expect([await box.names('tmp'), await box.names('new')]).toEqual([[], []])
})

it('makes directories that a copied Maildir lacks', async () => {
  const box = await maildir()
  await rmdir(join(box.path, 'new'))
  await box.deliver(message)
  expect(await box.names('new')).toHaveLength(1)
  await rmdir(join(box.path, 'tmp'))
  await box.deliver(message)
  expect(await box.names('new')).toHaveLength(2)
})

it('gives up a delivery into a mailbox that was deleted meanwhile', async () => {
  const box = await maildir()
  await box.mailboxes.createMailbox('Work')
  const staged = await box.mailboxes.stage('Work', bufferContent(Buffer.from(message)))
  await box.mailboxes.deleteMailbox('Work')
  await expect(staged.commit()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  expect(await box.mailboxNames()).toEqual(['INBOX'])
})

it.each([false, 'atOnce'] as const)(
  'makes a mailbox anew that was deleted meanwhile, where asked to; log: %s',
  async (deliveryLog) => {
    const box = await maildir({ deliveryLog })
    for (const flags of [[], ['\\Seen', 'one']]) {
      await box.mailboxes.createMailbox('Work')
      const staged = await box.mailboxes.stage('Work', bufferContent(Buffer.from(message)), {
        create: true,
        flags,
      })
      await box.mailboxes.deleteMailbox('Work')
      await staged.commit()
      expect(await box.files('.Work')).toHaveLength(1)
      expect([await box.names('tmp'), await box.names('.Work/tmp')]).toEqual([[], []])
      await box.mailboxes.deleteMailbox('Work')
    }
  },
)

it('commits once, however often it is asked', async () => {
  const box = await maildir()
  const staged = await box.mailboxes.stage('INBOX', bufferContent(Buffer.from(message)))
  await Promise.all([staged.commit(), staged.commit(), staged.abort()])
  expect(await box.names('new')).toHaveLength(1)
  expect(box.retrieval.changes).toHaveLength(1)
})

it.each([
  ['a delivery with flags', (box: TestMaildir) => box.deliver(message, 'INBOX', { flags: ['\\Seen'] })],
  [
    'an append',
    (box: TestMaildir) => box.mailboxes.append('INBOX', [{ content: bufferContent(Buffer.from(message)) }]),
  ],
])('of %s the name in tmp is on the disk before the index has it', async (_, put) => {
  const calls: string[] = []
  const files = interferedFiles(nodeFileSystem, ({ name, path }) => {
    if (/^file\.(write|sync|datasync)$/.test(name)) calls.push(`${name} ${basename(path).replace(/,.*/, '')}`)
  })
  const box = await maildir({ files })
  await (await box.mailboxes.openMailbox('INBOX')).close()
  calls.length = 0
  await put(box)
  const named = calls.indexOf('file.sync tmp')
  expect(named).toBeGreaterThan(calls.findIndex((call) => /^file\.datasync \d+\./.test(call)))
  expect(calls.indexOf('file.write mailwright-index')).toBeGreaterThan(named)
  expect(calls.indexOf('file.datasync mailwright-index')).toBeGreaterThan(named)
})
