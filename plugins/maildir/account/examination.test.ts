import { copyFile, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AccountStore, readAll, type StoreFault } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { interferedFiles, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { createTestMaildir, fileContents, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { nodeFileSystem } from '../files/file-system.ts'

let box: TestMaildir

beforeEach(async () => {
  // Nothing is prepared of itself, half a second after a delivery: that would repair, too.
  box = await createTestMaildir({ clock: fakeClock() })
  for (const text of ['one', 'two', 'three']) await box.deliver(text)
  await box.deliver('sent', 'Sent', { create: true, flags: ['\\Seen', 'Kept'] })
  for (const name of ['INBOX', 'Sent']) await (await box.mailboxes.openMailbox(name)).close()
})
afterEach(() => box.remove())

const at = (name: string): string => join(box.path, name)
const check = (): Promise<readonly StoreFault[]> => box.store.examine(box.account, { repair: false })
const repair = (): Promise<readonly StoreFault[]> => box.store.examine(box.account, { repair: true })

/** The file of a message. Names do not sort by age: the microseconds in them have no leading zeros. */
async function nameOf(text: string): Promise<string> {
  for (const name of await box.names('cur'))
    if ((await readFile(at(`cur/${name}`), 'utf8')).trimEnd() === text) return name
  throw new Error(`no file holds ${text}`)
}

/** UIDs with the texts of their messages. */
async function shown(name = 'INBOX', of: AccountStore = box.mailboxes): Promise<readonly string[]> {
  const mailbox = await of.openMailbox(name)
  const lines: string[] = []
  for (const { uid } of mailbox.entries)
    lines.push(`${uid} ${(await readAll(await mailbox.content(uid))).toString()}`)
  await mailbox.close()
  return lines
}

/** Demands that a fault is found as often as one looks, repaired once, and found no more. */
async function expectRepaired(...expected: readonly (readonly [mailbox: string, problem: RegExp])[]) {
  const matching = expected.map(([mailbox, problem]) => ({
    mailbox,
    problem: expect.stringMatching(problem),
    remedy: expect.stringMatching(/./),
  }))
  const files = await fileContents(box.path)
  for (const examine of [check, check]) expect(await examine()).toEqual(matching)
  expect(await fileContents(box.path), 'looking changes nothing').toEqual(files)
  expect(await repair()).toEqual(matching)
  for (const examine of [check, repair]) expect(await examine()).toEqual([])
  expect((await fileContents(box.path)).toSorted(), 'no message is lost').toEqual(files.toSorted())
}

describe('an account', () => {
  it('whose mailbox lacks a directory is examined all the same', async () => {
    await mkdir(at('.Copied/tmp'), { recursive: true })
    await writeFile(at('.Copied/maildirfolder'), '')
    await expectRepaired(['Copied', /^cur is no directory$/])
  })

  it('that was only used has no faults, also in use by others', async () => {
    expect(await check()).toEqual([])
    const first = await nameOf('one')
    await rename(at(`cur/${first}`), at('new/1.moved.h'))
    const other = await (await box.again()).openMailbox('INBOX')
    await other.changeFlags([2], { add: ['\\Seen'] })
    expect(await repair()).toEqual([])
  })

  it('whose message has two links has no fault: somebody is moving it', async () => {
    const [name = ''] = await box.names('cur')
    await link(at(`cur/${name}`), at(`new/${name.replace(':2,', '')}`))
    expect(await check()).toEqual([])
    expect(await repair()).toEqual([])
    expect(await shown()).toEqual(['1 one', '2 two', '3 three'])
  })
})

describe('a fault', () => {
  it('of the index costs the UIDs, not the mail', async () => {
    const before = await box.mailboxes.status('Sent')
    const octets = await readFile(at('.Sent/mailwright-index'))
    await writeFile(at('.Sent/mailwright-index'), octets.fill(0x55, 60, 70))
    await expectRepaired(['Sent', /index is damaged/])
    const after = await box.mailboxes.status('Sent')
    expect(after.uidValidity).toBeGreaterThan(before.uidValidity)
    expect(await shown('Sent')).toEqual(['1 sent'])
  })

  it('of an index that is missing is told where there is mail', async () => {
    await box.mailboxes.createMailbox('Empty')
    await rm(at('mailwright-index'))
    await expectRepaired(['INBOX', /no mailwright-index/])
  })

  it('of two messages with one name gives one of them another', async () => {
    const [first = '', second = ''] = await box.names('cur')
    const twice = (await readFile(at(`cur/${second}`), 'latin1')).trim()
    await copyFile(at(`cur/${second}`), at(`new/${first.replace(':2,', '')}`))
    await expectRepaired(['INBOX', /two files have the name/])
    const expected = ['one', 'two', 'three', twice].toSorted()
    expect((await shown()).map((line) => line.slice(2)).toSorted()).toEqual(expected)
  })

  it('of a message that is not what its UID stood for gives it another', async () => {
    const [, second = ''] = await box.names('cur')
    await writeFile(at(`cur/${second}`), 'something else\n')
    await expectRepaired(['INBOX', /message 2 has 16 octets, not 3/])
    expect(await shown()).toEqual(['1 one', '3 three', '4 something else\r\n'])
  })

  it('of settings puts them aside, so that the account can be shown again', async () => {
    await writeFile(at('.Sent/mailwright-settings'), '{"metadata"')
    await writeFile(at('mailwright-subscriptions'), '')
    await writeFile(at('mailwright-account'), '7')
    await expectRepaired(
      ['INBOX', /mailwright-account is damaged/],
      ['INBOX', /mailwright-subscriptions is damaged/],
      ['Sent', /mailwright-settings is damaged/],
    )
    expect(await readFile(at('.Sent/mailwright-settings.damaged'), 'utf8')).toBe('{"metadata"')
    expect((await box.mailboxes.mailboxes()).map(({ name }) => name)).toEqual(['INBOX', 'Sent'])
  })

  it('does not hide another one', async () => {
    const first = await nameOf('one')
    await writeFile(at(`cur/${first}`), 'longer than it was')
    await rm(at('.Sent/mailwright-index'))
    await expectRepaired(['INBOX', /message 1 has 18 octets/], ['Sent', /no mailwright-index/])
  })
})

it('goes on when a message is renamed while it is repaired', async () => {
  const first = await nameOf('one')
  await writeFile(at(`cur/${first}`), 'longer than it was')
  let renamed = false
  const files = interferedFiles(unsyncedFiles(nodeFileSystem), async ({ name, path }) => {
    if (renamed || name !== 'rename' || !path.includes('/cur/')) return
    renamed = true
    await rename(at(`cur/${first}`), at(`cur/${first}S`))
  })
  const other = await createTestMaildir({ root: box.options.root, files })
  await other.store.examine(other.account, { repair: true })
  expect(renamed).toBe(true)
  await repair()
  expect(await check()).toEqual([])
  expect((await shown()).map((line) => line.slice(2))).toEqual(['two', 'three', 'longer than it was'])
})
