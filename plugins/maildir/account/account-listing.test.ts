import { appendFile, mkdir, rename, rm, rmdir, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { AccountStore } from 'mailwright'
import { type FaultyFileSystem, faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { interferedFiles, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { type FileStatus, type FileSystem, nodeFileSystem } from '../files/file-system.ts'
import { usesLockName } from './mailbox-settings.ts'

/** Milliseconds of a tick of the file system's clock, as coarse as any. */
const tick = 20
/** Longer than what has just changed is read again. */
const settled = 50

/** A file system on which everything within a tick happens at the same time. */
function coarse(files: FileSystem): FileSystem {
  const lstat = async (path: string): Promise<FileStatus> => {
    const status = await files.lstat(path)
    const ofTick = (time: number): { value: number } => ({ value: time - (time % tick) })
    return Object.create(status, { ctimeMs: ofTick(status.ctimeMs), mtimeMs: ofTick(status.mtimeMs) })
  }
  return { ...files, lstat }
}

let fault: FaultyFileSystem<FileSystem>
let box: TestMaildir
let other: AccountStore

beforeEach(async () => {
  fault = faultyFileSystem(coarse(unsyncedFiles(nodeFileSystem)))
  box = await createTestMaildir({ files: fault.fileSystem })
  other = await box.again()
})
afterEach(() => box.remove())

const at = (...names: readonly string[]): string => join(box.path, ...names)
const names = (): Promise<readonly string[]> => box.mailboxNames()
const usesOf = async (of: AccountStore = box.mailboxes): Promise<readonly string[]> =>
  (await of.mailboxes()).flatMap(({ name, specialUse }) =>
    specialUse === undefined ? [] : [`${name} ${specialUse}`],
  )
const subscribed = async (): Promise<readonly string[]> =>
  (await box.mailboxes.mailboxes()).filter((info) => info.subscribed).map(({ name }) => name)

/** Lets everything become a while ago, and the list known. */
async function settle(): Promise<void> {
  await pause(settled)
  await box.mailboxes.mailboxes()
}

/** Calls to the file system that a list takes. */
async function callsOfList(): Promise<readonly string[]> {
  const before = fault.calls.length
  await Promise.all([box.mailboxes.mailboxes(), box.mailboxes.subscriptions()])
  return fault.calls.slice(before).map(({ name, path }) => `${name} ${path.slice(box.path.length)}`)
}

/** Each step with what is seen after it: at once, after a while, and again and again within a tick. */
async function expectSeen(
  see: () => Promise<readonly string[]>,
  steps: readonly (readonly [step: () => Promise<unknown>, seen: readonly string[]])[],
): Promise<void> {
  for (const wait of [0, settled, 0, 0, 0, 0, 0, 0, 0, 0]) {
    for (const [step, seen] of steps) {
      if (wait > 0) await settle()
      await step()
      expect(await see(), String(step)).toEqual(seen)
    }
  }
}

describe('a list in which nothing has changed', () => {
  it('takes one look, and one at each file of settings and subscriptions', async () => {
    for (let index = 0; index < 20; index++) await box.mailboxes.createMailbox(`m${index}`)
    await settle()
    expect(await callsOfList()).toEqual(['lstat /.'])
    await box.mailboxes.setSpecialUse('m3', '\\Sent')
    await box.mailboxes.subscribe('m4', true)
    await settle()
    const expected = ['lstat /.', 'lstat /.m3/mailwright-settings', 'lstat /mailwright-subscriptions']
    for (let count = 0; count < 3; count++) expect((await callsOfList()).toSorted()).toEqual(expected)
    expect(await usesOf()).toEqual(['m3 \\Sent'])
    expect(await subscribed()).toEqual(['m4'])
  })

  it('is known to all sessions', async () => {
    await settle()
    const session = await box.store.open(box.account)
    const before = fault.calls.length
    await session.mailboxes()
    expect(fault.calls.slice(before).map(({ name }) => name)).toEqual(['lstat'])
  })

  it('reads no settings again because of mail', async () => {
    await box.mailboxes.setSpecialUse('INBOX', '\\Junk')
    await box.mailboxes.createMailbox('m', { specialUse: '\\Sent' })
    await settle()
    await box.deliver('x')
    await box.mailboxes.openMailbox('INBOX')
    const calls = await callsOfList()
    expect(calls).toContain('readdir ')
    expect(calls.filter((call) => /^(open|file)/.test(call))).toEqual([])
    expect(await usesOf()).toEqual(['INBOX \\Junk', 'm \\Sent'])
  })
})

describe('the next list tells of', () => {
  it('directories that another program makes, renames and removes', () =>
    expectSeen(names, [
      [() => mkdir(at('.A')), ['INBOX', 'A']],
      [() => rename(at('.A'), at('.B')), ['INBOX', 'B']],
      [() => mkdir(at('.A.C')), ['INBOX', 'A/C', 'B']],
      [() => rmdir(at('.B')), ['INBOX', 'A/C']],
      [() => rmdir(at('.A.C')), ['INBOX']],
    ]))

  it('directories that become something else', async () => {
    await mkdir(at('..', 'elsewhere'))
    await expectSeen(names, [
      [() => writeFile(at('.A'), ''), ['INBOX']],
      [() => unlink(at('.A')).then(() => mkdir(at('.A'))), ['INBOX', 'A']],
      [() => rmdir(at('.A')).then(() => symlink('../elsewhere', at('.A'))), ['INBOX']],
      [() => unlink(at('.A')), ['INBOX']],
    ])
  })

  it('directories of other programs, once they are mailboxes', () =>
    expectSeen(names, [
      [() => mkdir(at('.A')).then(() => writeFile(at('.A', 'database'), '')), ['INBOX']],
      [() => mkdir(at('.A', 'cur')), ['INBOX', 'A']],
      [() => rename(at('.A'), at('.B')), ['INBOX', 'B']],
      [() => rm(at('.B'), { recursive: true }), ['INBOX']],
    ]))

  it('mailboxes that another process makes, renames and deletes', () =>
    expectSeen(names, [
      [() => other.createMailbox('A'), ['INBOX', 'A']],
      [() => other.renameMailbox('A', 'B'), ['INBOX', 'B']],
      [() => other.deleteMailbox('B'), ['INBOX']],
    ]))

  it('special uses that another process gives and takes away', async () => {
    for (const name of ['A', 'B']) await box.mailboxes.createMailbox(name)
    await box.mailboxes.setMetadata('B', new Map([['/private/comment', Buffer.from('x')]]))
    await expectSeen(usesOf, [
      [() => other.setSpecialUse('A', '\\Sent'), ['A \\Sent']],
      [() => other.setSpecialUse('B', '\\Sent'), ['B \\Sent']],
      [() => other.setSpecialUse('A', '\\Junk'), ['A \\Junk', 'B \\Sent']],
      [() => other.setSpecialUse('A', undefined), ['B \\Sent']],
      [() => rm(at('.A', 'mailwright-settings'), { force: true }), ['B \\Sent']],
      [() => other.setSpecialUse('B', undefined), []],
    ])
  })

  it('special uses that go with mailboxes', async () => {
    for (const name of ['A', 'B']) await box.mailboxes.createMailbox(name)
    await box.mailboxes.setSpecialUse('A', '\\Sent')
    const swap = async (): Promise<void> => {
      await rename(at('.A'), at('.C'))
      await rename(at('.B'), at('.A'))
      await rename(at('.C'), at('.B'))
    }
    await expectSeen(usesOf, [
      [swap, ['B \\Sent']],
      [swap, ['A \\Sent']],
    ])
  })

  it('settings that somebody edits', async () => {
    await box.mailboxes.createMailbox('A', { specialUse: '\\Sent' })
    const write = (use: string) => () =>
      writeFile(at('.A', 'mailwright-settings'), `{"metadata":{},"specialUse":"\\\\${use}"}\n`)
    await expectSeen(usesOf, [
      [write('Junk'), ['A \\Junk']],
      [write('Sent'), ['A \\Sent']],
    ])
  })

  it('subscriptions of another process', () =>
    expectSeen(subscribed, [
      [() => other.subscribe('INBOX', true), ['INBOX']],
      [() => other.subscribe('INBOX', false), []],
    ]))

  it('files of subscriptions of another server that are made, edited and removed', async () => {
    for (const name of ['A', 'B']) await box.mailboxes.createMailbox(name)
    await expectSeen(subscribed, [
      [() => writeFile(at('subscriptions'), 'A\n'), ['A']],
      [() => writeFile(at('subscriptions'), 'B\n'), ['B']],
      [() => appendFile(at('subscriptions'), 'A\n'), ['A', 'B']],
      [() => utimes(at('subscriptions'), 0, 1_000), ['A', 'B']],
      [() => writeFile(at('courierimapsubscribed'), 'INBOX\n'), ['INBOX']],
      [() => utimes(at('courierimapsubscribed'), 0, 999), ['A', 'B']],
      [() => unlink(at('subscriptions')), ['INBOX']],
      [() => unlink(at('courierimapsubscribed')), []],
    ])
  })

  it('what happens in a Maildir that lies elsewhere', async () => {
    await rename(box.path, at('..', 'elsewhere'))
    await symlink('elsewhere', box.path)
    await expectSeen(names, [
      [() => mkdir(at('.A')), ['INBOX', 'A']],
      [() => rmdir(at('.A')), ['INBOX']],
    ])
  })

  it('uses that are changed by somebody whose lock was there before and stays', async () => {
    await box.mailboxes.createMailbox('A')
    await writeFile(at(usesLockName), '')
    await settle()
    await settle()
    await writeFile(at('.A', 'mailwright-settings'), '{"metadata":{},"specialUse":"\\\\Sent"}\n')
    expect(await usesOf()).toEqual(['A \\Sent'])
    await unlink(at(usesLockName))
  })
})

describe('a list', () => {
  it('tells of everything that was there when it was asked for, while others are being made', async () => {
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    let isHeld = true
    const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
      if (name !== 'readdir' || path !== box.path || !isHeld) return
      isHeld = false
      reached.resolve()
      await gate.promise
    })
    const slow = await createTestMaildir({ root: box.options.root, files })
    const first = slow.mailboxNames()
    await reached.promise
    await mkdir(at('.A'))
    const second = slow.mailboxNames()
    expect(await second).toEqual(['INBOX', 'A'])
    gate.resolve()
    await first
    expect(await slow.mailboxNames()).toEqual(['INBOX', 'A'])
    await slow.store.close()
  })

  it('that fails at any call is made from what is there the next time', async () => {
    await box.mailboxes.createMailbox('A', { specialUse: '\\Sent' })
    await box.mailboxes.subscribe('A', true)
    for (let skip = 0, struck = true; struck; skip++) {
      await mkdir(at('.B'))
      const end = fault.fail({ skip })
      const done = await names().then(
        () => true,
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
          return false
        },
      )
      struck = end()
      expect(done).toBe(!struck)
      expect(await names()).toEqual(['INBOX', 'A', 'B'])
      expect(await usesOf()).toEqual(['A \\Sent'])
      expect(await subscribed()).toEqual(['A'])
      await rmdir(at('.B'))
    }
  })

  it('is refused where settings are damaged, and subscriptions are told all the same', async () => {
    await box.mailboxes.createMailbox('A', { specialUse: '\\Sent' })
    await box.mailboxes.subscribe('A', true)
    await settle()
    await writeFile(at('.A', 'mailwright-settings'), 'x')
    for (let count = 0; count < 2; count++)
      await expect(box.mailboxes.mailboxes()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    expect(await box.mailboxes.subscriptions()).toEqual(['A'])
    await box.store.examine(box.account, { repair: true })
    expect(await usesOf()).toEqual([])
    expect(await names()).toEqual(['INBOX', 'A'])
  })

  it('is refused where the account’s Maildir has gone', async () => {
    await settle()
    await rename(box.path, at('..', 'gone'))
    for (let count = 0; count < 2; count++)
      await expect(names()).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
    await rename(at('..', 'gone'), box.path)
    expect(await names()).toEqual(['INBOX'])
  })
})
