import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { accountOf, codeOf, content, deliver, obstacles } from '../../test/support/faults/obstacles.ts'
import { createTestMbox, type TestMbox } from '../../test/support/stores/mbox.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'
import { MboxStore } from './mbox-store.ts'

/** By the place of the obstacle below the folder that has the store's root. */
const levels: Readonly<Record<string, string>> = {
  'the root': 'root',
  'the account’s folder': 'root/example.org/ann',
  'the folder of its mailboxes': 'root/example.org/ann/mail',
  'the folder of what is ours': 'root/example.org/ann/mail/.mailwright',
}

const cases = Object.keys(levels).flatMap((level) => Object.keys(obstacles).map((kind) => [kind, level]))

let folder: string
let mbox: TestMbox

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-obstacle-'))
  mbox = await createTestMbox()
})

afterEach(async () => {
  await mbox.remove()
  await rm(folder, { recursive: true, force: true })
})

/** What a user without rights sees, whoever runs the test. */
function without(path: string): FileSystem {
  const { fileSystem, fail } = faultyFileSystem(nodeFileSystem)
  fail({ path: `${path}/`, error: 'EACCES', times: Number.POSITIVE_INFINITY })
  return fileSystem
}

it.each(cases)('%s in the place of %s makes that mail unavailable', async (kind, level) => {
  const path = join(folder, levels[level ?? ''] ?? '')
  await mkdir(dirname(path), { recursive: true })
  await obstacles[kind ?? '']?.(path)
  const files = kind === 'a folder without rights' ? without(path) : nodeFileSystem
  const store = new MboxStore({ ...mbox.options, root: join(folder, 'root'), files })
  const ann = accountOf('ann')
  for (const work of [
    () => deliver(store, ann),
    async () => (await store.open(ann)).append('INBOX', [{ content }]),
    async () => (await store.open(ann)).openMailbox('INBOX'),
    () => store.examine(ann, { repair: false }),
    () => store.examine(ann, { repair: true }),
  ])
    expect(await codeOf(work())).toBe('MAIL_E_UNAVAILABLE')
  if (level !== 'the root') await deliver(store, accountOf('bob'))
})

it.each(Object.keys(obstacles))(
  '%s in the place of a mailbox’s folder leaves the others alone',
  async (kind) => {
    const path = join(mbox.path, 'mail/Work')
    await obstacles[kind]?.(path)
    const files = kind === 'a folder without rights' ? without(path) : nodeFileSystem
    const store = new MboxStore({ ...mbox.options, files })
    const mailboxes = await store.open(mbox.account)
    const refused = /UNAVAILABLE|NOT_FOUND|INVALID/
    // A file there is the mailbox, and steps aside.
    if (kind !== 'a file') {
      expect(await codeOf(mailboxes.stage('Work/Bills', content, { create: true }))).toMatch(refused)
      expect(await codeOf(mailboxes.append('Work/Bills', [{ content }]))).toMatch(refused)
      expect(await codeOf(mailboxes.openMailbox('Work/Bills'))).toMatch(refused)
    }
    for (const repair of [false, true])
      expect(await codeOf(store.examine(mbox.account, { repair }))).toMatch(/UNAVAILABLE|it works/)
    await deliver(store, mbox.account)
    expect((await (await store.open(mbox.account)).openMailbox('INBOX')).entries).toHaveLength(1)
  },
)

it.each(Object.keys(obstacles).filter((kind) => kind !== 'a file'))(
  '%s in the place of a mailbox’s messages, beside its folder, is seen before anything is written',
  async (kind) => {
    await mkdir(join(mbox.path, 'mail/Work'), { recursive: true })
    const beside = join(mbox.path, 'mail/Work.messages')
    await obstacles[kind]?.(beside)
    for (const name of ['Work', 'Work/Bills', 'Work/Bills/Paid'])
      expect(await codeOf(mbox.mailboxes.stage(name, content, { create: true })), name).toBe('MAIL_E_INVALID')
    expect(await mbox.names('mail/Work')).toEqual([])
    expect(await mbox.names('mail/.mailwright/spool')).toEqual([])
    await rm(join(mbox.path, 'mail/Work'), { recursive: true })
    // Where no folder has its name, its messages are not to be beside.
    await (await mbox.mailboxes.stage('Work', content, { create: true })).commit()
    expect(await codeOf(mbox.mailboxes.stage('Work/Bills', content, { create: true }))).toBe('MAIL_E_INVALID')
  },
)

it.each(Object.keys(obstacles))('%s in the place of INBOX makes it unavailable', async (kind) => {
  // A file there is the mailbox.
  if (kind === 'a file') return
  const path = join(mbox.path, 'inbox')
  await rm(path)
  await obstacles[kind]?.(path)
  const store = new MboxStore({ ...mbox.options, files: nodeFileSystem })
  expect(await codeOf(deliver(store, mbox.account))).toBe('MAIL_E_UNAVAILABLE')
  const mailboxes = await store.open(mbox.account)
  expect(await codeOf(mailboxes.append('INBOX', [{ content }]))).toBe('MAIL_E_UNAVAILABLE')
  expect(await codeOf(mailboxes.openMailbox('INBOX'))).toBe('MAIL_E_UNAVAILABLE')
  await mailboxes.createMailbox('Work')
  await (await mailboxes.stage('Work', content)).commit()
})

it('names what is in the way', async () => {
  const path = join(folder, 'example.org')
  await symlink('/nonexistent-target', path)
  const store = new MboxStore({ ...mbox.options, root: folder, files: nodeFileSystem })
  await expect(store.open(accountOf('ann'))).rejects.toThrow(`${path} leads to no directory`)
})
