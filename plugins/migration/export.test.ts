import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AccountStore,
  bufferContent,
  type Content,
  type Mailbox,
  MailwrightError,
  parseAddress,
  readAll,
  type Store,
  systemClock,
  UnavailableError,
} from 'mailwright'
import { createMemoryStore } from 'mailwright/plugins/memory'
import { codeOf, fakeClock, overlay, recordedRetrieval } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { memorySpool } from '../../test/support/memory-spool.ts'
import { MaildirExport } from './export-maildir.ts'
import { MboxExport } from './export-mbox.ts'
import { type ExportForm, exportMailboxes } from './export-run.ts'
import { nameFilter } from './glob.ts'
import { ImportRun } from './import-run.ts'
import { Journal } from './journal.ts'
import { MaildirSource } from './maildir-source.ts'
import { MboxFilesSource } from './mbox-source.ts'
import { Progress } from './progress.ts'

let folder = ''
let path = ''
let store: Store
let account: AccountStore
const all = nameFilter('*')
const dates = ['2001-02-03T04:05:06Z', '2020-02-29T23:59:59Z'].map((text) => new Date(text))
const odd =
  'Return-Path: <jo@example.org>\r\nStatus: RO\r\nSubject: odd\r\n\r\nFrom me\r\n>From you\r\nno end'

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-export-'))
  path = join(folder, 'out')
  store = createMemoryStore(recordedRetrieval())
  account = await open('1')
  await append('INBOX', 'Subject: one\r\n\r\nfirst\r\n', ['\\Seen', 'Work', '$Forwarded'], 4)
  await append('INBOX', odd, ['\\Flagged', '\\Draft', '\\Answered', '\\Deleted'], 9)
  await account.createMailbox('Work/Résumé & Co')
  await append('Work/Résumé & Co', 'Subject: two\r\n\r\n', ['Rare'])
  await account.createMailbox('.Empty')
  await account.subscribe('Work/Résumé & Co', true)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function open(id: string): Promise<AccountStore> {
  const address = parseAddress(`account-${id}@example.org`) ?? { localPart: '', domain: '' }
  return store.open({ id, address })
}

async function append(mailbox: string, text: string, flags: readonly string[], uid?: number): Promise<void> {
  const internalDate = dates[uid === 9 ? 1 : 0] ?? new Date(0)
  const message = { content: bufferContent(Buffer.from(text)), flags, internalDate }
  await account.append(mailbox, [uid === undefined ? message : { ...message, uid }])
}

const maildir = (force = false): ExportForm => new MaildirExport(path, 'mail.example.org', force)
const mbox = (force = false): ExportForm => new MboxExport(path, force)
const run = (form: ExportForm, from = account, isWanted = all) =>
  exportMailboxes(
    { account: from, supports: store.supports, form, isWanted },
    new Progress(undefined, fakeClock()),
  )

/** Everything of an account that an export should keep. */
async function contents(from: AccountStore): Promise<unknown> {
  const mailboxes: Record<string, unknown> = {}
  for (const { name } of await from.mailboxes()) {
    const mailbox = await from.openMailbox(name)
    mailboxes[name] = await Promise.all(
      mailbox.entries.map(async ({ uid, flags, internalDate }) => {
        const text = String(await readAll(await mailbox.content(uid)))
        return { uid, flags, internalDate, text: text.endsWith('\n') ? text : `${text}\r\n` }
      }),
    )
  }
  return mailboxes
}

it('a Maildir that was exported holds everything', async () => {
  const summary = await run(maildir())
  expect(summary.output('exported')).toMatchObject({ exitCode: 0 })
  const again = await open('2')
  const source = new MaildirSource(path, memorySpool())
  await importInto(again, source)
  expect(await contents(again)).toEqual(await contents(account))
  expect(await again.subscriptions()).toEqual(['Work/Résumé & Co'])
})

it('mbox files that were exported hold everything but empty levels', async () => {
  await account.createMailbox('*star%')
  expect((await run(mbox())).subscribed).toBe(1)
  expect((await readdir(path)).sort()).toEqual([
    '%2eEmpty',
    '*star%25',
    '.subscriptions',
    'INBOX',
    'Work',
    'Work.sbd',
  ])
  const again = await open('2')
  await importInto(again, new MboxFilesSource(path, memorySpool()))
  expect(await contents(again)).toEqual(await contents(account))
  expect(await again.subscriptions()).toEqual(['Work/Résumé & Co'])
  const text = await readFile(join(path, 'INBOX'), 'utf8')
  expect(text).toMatch(/^From MAILER-DAEMON .*\nX-IMAPbase: \d{10} 0000000009/)
  expect(text).toMatch(/^From jo@example.org /m)
})

async function importInto(target: AccountStore, source: MaildirSource | MboxFilesSource): Promise<void> {
  const journal = await Journal.open(join(folder, 'import.jsonl'), {})
  const { supports } = store
  const plan = { source, account: target, supports, into: [], isWanted: all, since: undefined }
  const summary = await new ImportRun(plan, journal, new Progress(undefined, systemClock)).run()
  expect(summary.output('imported')).toMatchObject({ exitCode: 0 })
  await journal.close()
}

it('lets nobody else read what it writes, and keeps dates', async () => {
  await run(maildir())
  const name = (await readdir(join(path, 'cur'))).find((each) => each.includes('U4.')) ?? ''
  const status = await stat(join(path, 'cur', name))
  expect([status.mode & 0o777, (await stat(path)).mode & 0o777]).toEqual([0o600, 0o700])
  expect([status.mtime, name]).toEqual([
    dates[0],
    expect.stringMatching(/^981173106\.V\d+U4\.mail\.example\.org,S=20,W=23:2,PSab$/),
  ])
})

it('writes nothing where there is mail already, unless that is wanted', async () => {
  for (const [form, forced] of [
    [maildir(), maildir(true)],
    [mbox(), mbox(true)],
  ] as const) {
    await run(form)
    const before = await readdir(path, { recursive: true })
    expect(codeOf(await run(form).catch((error: unknown) => error))).toBe('MAIL_E_EXISTS')
    expect(await readdir(path, { recursive: true })).toEqual(before)
    expect((await run(forced)).stopped).toBeUndefined()
    expect((await readdir(path, { recursive: true })).sort()).toEqual([...before].sort())
    await rm(path, { recursive: true })
  }
})

it('gives keywords the letters that they have where it adds to a Maildir', async () => {
  await mkdir(join(path, 'cur'), { recursive: true })
  await writeFile(join(path, 'dovecot-keywords'), '0 Theirs\n3 Work\n')
  await writeFile(join(path, 'dovecot-uidlist'), '3 V1 N1\n')
  await run(maildir(true))
  expect(await readFile(join(path, 'dovecot-keywords'), 'utf8')).toBe('0 Theirs\n3 Work\n4 $Forwarded\n')
  expect((await readdir(join(path, 'cur'))).filter((name) => name.endsWith(':2,PSde'))).toHaveLength(1)
  expect(await readFile(join(path, 'dovecot-uidlist'), 'utf8')).toBe('3 V1 N1\n')
})

it('says which keywords a Maildir has no letters for: the rarest', async () => {
  const keywords = Array.from({ length: 27 }, (_, number) => `k${number}`)
  await append('INBOX', 'x\r\n', keywords)
  await append('INBOX', 'x\r\n', keywords.slice(1))
  const summary = await run(maildir())
  expect(summary.skipped.map(({ why }) => /keyword (\S+):/.exec(why)?.[1])).toEqual(
    ['k0', 'Work', '$Forwarded'].sort(),
  )
  expect(summary.output('exported').exitCode).toBe(1)
})

it('counts no subscriptions where a list of them is left alone', async () => {
  await mkdir(path)
  await writeFile(join(path, '.subscriptions'), 'Theirs\n')
  expect((await run(mbox())).subscribed).toBe(0)
  expect(await readFile(join(path, '.subscriptions'), 'utf8')).toBe('Theirs\n')
  expect((await run(mbox(true))).subscribed).toBe(1)
})

it('writes only the mailboxes that are wanted', async () => {
  await run(mbox(), account, nameFilter('Work/*'))
  expect((await readdir(path, { recursive: true })).sort()).toEqual([
    '.subscriptions',
    'Work.sbd',
    'Work.sbd/Résumé & Co',
  ])
})

it('does not follow a link that stands in its place', async () => {
  await mkdir(path)
  await writeFile(join(folder, 'precious'), 'precious')
  await symlink(join(folder, 'precious'), join(path, 'INBOX'))
  expect(codeOf(await run(mbox(true)).catch((error: unknown) => error))).toBe('MAIL_E_EXISTS')
  await rm(join(path, 'INBOX'))
  await symlink(join(folder, 'precious'), join(path, 'INBOX.new'))
  expect((await run(mbox())).stopped).toMatch(/cannot be written/)
  expect(await readFile(join(folder, 'precious'), 'utf8')).toBe('precious')
})

/** The account with an INBOX whose second message fails in the middle. */
function failing(error: Error): AccountStore {
  return overlay(account, {
    openMailbox: async (name: string): Promise<Mailbox> => {
      const mailbox = await account.openMailbox(name)
      const broken = async (uid: number): Promise<Content> => {
        const content = await mailbox.content(uid)
        if (uid !== 9) return content
        const fail = async function* () {
          yield Buffer.from('Subject: half')
          throw error
        }
        const read = async (start: number): Promise<Buffer> => {
          if (start > 0 || error instanceof UnavailableError) throw error
          return Buffer.from('Subject: half')
        }
        return { ...content, read, stream: () => fail() as never }
      }
      return overlay(mailbox, { content: broken })
    },
  })
}

it.each([
  ['maildir', maildir],
  ['mbox', mbox],
])('names messages that cannot be read, and leaves no half of them behind: %s', async (name, form) => {
  const summary = await run(form(), failing(new MailwrightError('MAIL_E_INVALID', 'damaged')))
  expect(summary.mailboxes[0]).toMatchObject({
    imported: 1,
    failed: [{ message: 'UID 9', problem: 'damaged' }],
  })
  const files = (await readdir(path, { recursive: true })).filter((file) => /tmp\/|\.new$/.test(file))
  expect(files).toEqual([])
  if (name === 'mbox') expect(await readFile(join(path, 'INBOX'), 'utf8')).not.toContain('half')
  const gone = await run(form(true), failing(new MailwrightError('MAIL_E_NOT_FOUND', 'gone')))
  expect(gone.mailboxes[0]).toMatchObject({ imported: 1, failed: [] })
})

it.each([
  ['maildir', maildir],
  ['mbox', mbox],
])('ends where the store is away, and says so: %s', async (_name, form) => {
  const summary = await run(form(), failing(new UnavailableError('the disk is gone')))
  expect(summary.output('exported')).toMatchObject({ exitCode: 1, json: { stopped: 'the disk is gone' } })
  const files = (await readdir(path, { recursive: true })).filter((file) => /tmp\/.|\.new$/.test(file))
  expect(files).toEqual([])
})

it('says where nothing can be written', async () => {
  await writeFile(path, 'a file')
  for (const form of [maildir(), mbox()]) expect((await run(form)).stopped).toMatch(/cannot be written/)
})
