import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { interferedFiles, systemError, unsyncedFiles } from '../../../test/support/faults/failing-files.ts'
import { accountOf, codeOf, content, deliver, obstacles } from '../../../test/support/faults/obstacles.ts'
import { createTestMaildir, type TestMaildir } from '../../../test/support/stores/maildir.ts'
import { MaildirStore } from '../account/maildir-store.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'

/** By the place of the obstacle below the folder that has the store's root. */
const levels: Readonly<Record<string, string>> = {
  'the root': 'root',
  'a folder above the account’s': 'root/example.org',
  'the account’s folder': 'root/example.org/ann/Maildir',
}

const cases = Object.keys(levels).flatMap((level) => Object.keys(obstacles).map((kind) => [kind, level]))

let folder: string
let maildir: TestMaildir

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-obstacle-'))
  maildir = await createTestMaildir()
})

afterEach(async () => {
  await maildir.remove()
  await rm(folder, { recursive: true, force: true })
})

/** What a user without rights sees, whoever runs the test. */
function without(path: string): FileSystem {
  return interferedFiles(unsyncedFiles(nodeFileSystem), (call) => {
    if (call.path.startsWith(`${path}/`)) throw systemError('EACCES', call)
  })
}

it.each(cases)('%s in the place of %s makes that mail unavailable', async (kind, level) => {
  const path = join(folder, levels[level ?? ''] ?? '')
  await mkdir(dirname(path), { recursive: true })
  await obstacles[kind ?? '']?.(path)
  const files = kind === 'a folder without rights' ? without(path) : nodeFileSystem
  const store = new MaildirStore({ ...maildir.options, root: join(folder, 'root'), files })
  const ann = accountOf('ann')
  for (const work of [
    () => deliver(store, ann),
    async () => (await store.open(ann)).append('INBOX', [{ content }]),
    async () => (await store.open(ann)).openMailbox('INBOX'),
    () => store.examine(ann, { repair: false }),
    () => store.examine(ann, { repair: true }),
  ])
    expect(await codeOf(work())).toBe('MAIL_E_UNAVAILABLE')
  if (level === 'the account’s folder') await deliver(store, accountOf('bob'))
  await store.close()
})

it.each(Object.keys(obstacles))('%s in the place of a mailbox leaves the others alone', async (kind) => {
  const path = join(maildir.path, '.Work')
  await obstacles[kind]?.(path)
  const files = kind === 'a folder without rights' ? without(path) : nodeFileSystem
  const store = new MaildirStore({ ...maildir.options, files })
  const mailboxes = await store.open(maildir.account)
  const create = { create: true }
  // What is a folder may be made good; what is none is no mailbox, and its mail goes somewhere else.
  const isFolder = kind === 'a folder without rights'
  expect(await codeOf(mailboxes.stage('Work', content, create))).toBe(
    isFolder ? 'MAIL_E_UNAVAILABLE' : 'MAIL_E_INVALID',
  )
  expect(await codeOf(mailboxes.stage('Work/Bills', content, create))).toBe(
    isFolder ? 'it works' : 'MAIL_E_INVALID',
  )
  expect(await codeOf(mailboxes.append('Work', [{ content }]))).toMatch(/UNAVAILABLE|NOT_FOUND/)
  expect(await codeOf(mailboxes.openMailbox('Work'))).toMatch(/UNAVAILABLE|NOT_FOUND/)
  for (const repair of [false, true])
    expect(await codeOf(store.examine(maildir.account, { repair }))).toMatch(/UNAVAILABLE|it works/)
  await deliver(store, maildir.account)
  expect((await (await store.open(maildir.account)).openMailbox('INBOX')).entries).toHaveLength(1)
  await store.close()
})

it.each(['cur', 'new', 'tmp'])(
  'a link to nothing in the place of %s does not hold anybody up',
  async (part) => {
    await rm(join(maildir.path, part), { recursive: true })
    await symlink('/nonexistent-target', join(maildir.path, part))
    const store = new MaildirStore({ ...maildir.options, files: nodeFileSystem })
    const mailboxes = await store.open(maildir.account)
    expect(await codeOf(mailboxes.openMailbox('INBOX'))).toBe('MAIL_E_UNAVAILABLE')
    if (part !== 'cur') expect(await codeOf(deliver(store, maildir.account))).toBe('MAIL_E_UNAVAILABLE')
    await store.close()
  },
)

it('names what is in the way', async () => {
  const path = join(folder, 'example.org')
  await symlink('/nonexistent-target', path)
  const store = new MaildirStore({ ...maildir.options, root: folder, files: nodeFileSystem })
  await expect(store.open(accountOf('ann'))).rejects.toThrow(`${path} leads to no directory`)
  await store.close()
})

it('makes no mailbox at the end of a link', async () => {
  await symlink(folder, join(maildir.path, '.Work'))
  expect(await codeOf(maildir.mailboxes.createMailbox('Work'))).toBe('MAIL_E_UNAVAILABLE')
  expect(await readdir(folder)).toEqual([])
})
