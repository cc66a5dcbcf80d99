import { execFileSync } from 'node:child_process'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { readAll } from 'mailwright'
import { codeOf } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { memorySpool } from '../../test/support/memory-spool.ts'
import { MaildirSource } from './maildir-source.ts'
import type { SourceEntry } from './source.ts'

let root = ''
let spool = memorySpool()

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-source-'))
  spool = memorySpool()
})
afterEach(() => rm(root, { recursive: true, force: true }))

async function put(
  path: string,
  text = 'Subject: x\n\nbody\n',
  date = '2020-01-02T03:04:05Z',
): Promise<void> {
  const file = join(root, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  await utimes(file, new Date(date), new Date(date))
}

async function makeMaildir(path: string): Promise<void> {
  for (const part of ['cur', 'new', 'tmp']) await mkdir(join(root, path, part), { recursive: true })
}

const source = (): MaildirSource => new MaildirSource(root, spool)

async function read(level = 'INBOX', from = source()) {
  const mailbox = (await from.mailboxes()).find(({ levels }) => levels.join('/') === level)
  if (mailbox === undefined) throw new Error(`no ${level}`)
  const opened = await from.open(mailbox)
  const entries: SourceEntry[] = []
  for await (const entry of opened.entries()) entries.push(entry)
  return { opened, entries }
}

it('finds Maildir++, one within another, and both mixed', async () => {
  for (const path of [
    '',
    '.Work.R&AOk-sum&AOk-',
    'Fs/Deep',
    'Fs/Deep/Deeper',
    'Lists/.one.two',
    'Résumé',
    '.Empty',
  ])
    await makeMaildir(path)
  await mkdir(join(root, 'Fs/nothing'))
  await put('.Work.R&AOk-sum&AOk-/cur/1.host:2,S')
  await put('.Work.R&AOk-sum&AOk-/new/2.host')
  const mailboxes = await source().mailboxes()
  expect(mailboxes.map(({ levels, messages }) => [levels.join('/'), messages])).toEqual([
    ['INBOX', 0],
    ['Empty', 0],
    ['Fs/Deep', 0],
    ['Fs/Deep/Deeper', 0],
    ['Lists/one/two', 0],
    ['Résumé', 0],
    ['Work/Résumé', 2],
  ])
})

it('names mailboxes as subscriptions do, and leaves out none whose name is no name', async () => {
  for (const path of ['', '.A&AC8-B', '.Pl\u00e4ne', '.inbox', '.a\u0007b.c&AAo-']) await makeMaildir(path)
  await put('subscriptions', 'V\t2\n\nA&AC8-B\nPl\u00e4ne\ninbox\n')
  const from = source()
  const found = (await from.mailboxes()).map(({ levels }) => levels)
  expect(found).toHaveLength(5)
  expect(found).toEqual(
    expect.arrayContaining([['INBOX'], ['inbox'], ['A&AC8-B'], ['Pl\u00e4ne'], ['a\u0007b', 'c\n']]),
  )
  expect(await from.subscriptions()).toEqual([['A&AC8-B'], ['Pl\u00e4ne'], ['INBOX']])
})

it('takes a tree without an INBOX of its own', async () => {
  for (const path of ['inbox', 'Sent']) await makeMaildir(path)
  expect((await source().mailboxes()).map(({ levels }) => levels)).toEqual([['inbox'], ['Sent']])
})

it.each(['missing', 'empty', 'file'])('says where there is no Maildir: %s', async (name) => {
  if (name === 'empty') await mkdir(join(root, name))
  if (name === 'file') await put(name)
  const error = await new MaildirSource(join(root, name), spool)
    .mailboxes()
    .catch((thrown: unknown) => thrown)
  expect(codeOf(error)).toBe('MAIL_E_NOT_FOUND')
})

it('reads flags, dates, keywords and octets, by UID and then by age', async () => {
  await makeMaildir('')
  await put('dovecot-uidlist', '3 V9 N30 G0\n10 W9 :200.M1.host\n20 :100.M1.host\n')
  await put('dovecot-keywords', '0 Work\n2 $Label1\n')
  await put('cur/100.M1.host:2,Sac', 'a\n\nb\n')
  await put('cur/200.M1.host,S=1:2,b', 'a\r\n\r\nb\r\n', '2021-01-01T00:00:00Z')
  await put('cur/200.M1.host:2,', 'x')
  await put('new/300.M20.host')
  await put('new/300.M3.host')
  await put('new/.hidden')
  const { opened, entries } = await read()
  expect(entries.map(({ key, uid }) => [key, uid])).toEqual([
    ['200.M1.host', 10],
    ['100.M1.host', 20],
    ['200.M1.host,S=1', undefined],
    ['300.M3.host', undefined],
    ['300.M20.host', undefined],
  ])
  expect(entries[1]).toMatchObject({
    flags: ['\\Seen', 'Work', '$Label1'],
    internalDate: new Date('2020-01-02T03:04:05Z'),
    size: 5,
  })
  const { messages, failed, dispose } = await opened.load(entries)
  const texts = await Promise.all(messages.map(async ({ content }) => String(await readAll(content))))
  expect(texts.slice(0, 3)).toEqual(['x', 'a\r\n\r\nb\r\n', 'a\r\n\r\nb\r\n'])
  expect(messages[2]?.entry.internalDate).toEqual(new Date('2021-01-01T00:00:00Z'))
  expect(failed).toEqual([])
  await dispose()
  expect(spool.disposed).toBe(5)
})

it('takes UIDs from a list that is being written, and none from one that contradicts itself', async () => {
  await makeMaildir('')
  for (const name of ['1.host', '2.h\u00f6st', '3.host']) await put(`cur/${name}:2,`)
  const uids = async () => (await read()).entries.map(({ uid }) => uid)
  await put('dovecot-uidlist', '3 V9 N30\n7 :1.host\n8 :2.h\u00f6st\n9 :3.ho')
  expect(await uids()).toEqual([7, 8, undefined])
  await put('dovecot-uidlist', '3 V9 N30\n8 :1.host\n8 :2.h\u00f6st\n')
  expect(await uids()).toEqual([undefined, undefined, undefined])
  await put('courierimapuiddb', '1 5 9\n4 3.host\n', '2019-01-01')
  expect(await uids()).toEqual([4, undefined, undefined])
})

it("reads Courier's UIDs, keywords and subscriptions, the list of the server that wrote last", async () => {
  await makeMaildir('')
  await put('courierimapuiddb', '1 1300000000 3\n1 1.host\n2 2.host,S=3\n', '2021-01-01')
  await put('dovecot-uidlist', '3 V9 N30\n7 :1.host\n', '2020-01-01')
  await put('courierimapsubscribed', 'INBOX.Sent\n', '2021-01-01')
  await put('subscriptions', 'Other\n', '2020-01-01')
  await put('courierimapkeywords/:list', 'Work\nOld\n\n1.host:0 1\n2.host,S=3:1\n')
  await put('courierimapkeywords/.1.2.host,S=3', 'Older\n')
  await put('courierimapkeywords/.2.2.host,S=3', 'Newer\nWork\n')
  await put('courierimapkeywords/3.host', 'Newest\n')
  await put('courierimapkeywords/.9.3.host', 'Older\n')
  for (const name of ['1.host:2,', '2.host,S=3:2,S', '3.host:2,']) await put(`cur/${name}`)
  const from = source()
  const { entries } = await read('INBOX', from)
  expect(entries.map(({ uid, flags }) => [uid, flags])).toEqual([
    [1, ['Work', 'Old']],
    [2, ['\\Seen', 'Newer', 'Work']],
    [undefined, ['Newest']],
  ])
  expect(await from.subscriptions()).toEqual([['Sent']])
  await utimes(join(root, 'subscriptions'), new Date('2022-01-01'), new Date('2022-01-01'))
  expect(await from.subscriptions()).toEqual([['Other']])
})

it('finds messages that their owner moves meanwhile, and leaves out those that are gone', async () => {
  await makeMaildir('')
  for (const name of ['1.host', '2.host', '3.host']) await put(`new/${name}`)
  const { opened, entries } = await read()
  await rename(join(root, 'new/1.host'), join(root, 'cur/1.host:2,S'))
  await unlink(join(root, 'new/2.host'))
  const { messages, failed } = await opened.load(entries)
  expect(messages.map(({ entry }) => entry.key)).toEqual(['1.host', '3.host'])
  expect(failed).toEqual([])
})

it('follows no links, and waits for no pipe', async () => {
  await makeMaildir('')
  await makeMaildir('.Work')
  await put('secret', 'somebody else’s')
  await symlink(join(root, 'secret'), join(root, 'cur/1.link:2,'))
  await symlink(join(root, '.Work'), join(root, '.Linked'))
  await symlink('/etc/passwd', join(root, 'dovecot-uidlist'))
  execFileSync('mkfifo', [join(root, 'cur/2.pipe:2,')])
  execFileSync('mkfifo', [join(root, 'dovecot-keywords')])
  await mkdir(join(root, 'cur/3.directory:2,'))
  const from = source()
  const { opened, entries } = await read('INBOX', from)
  const { messages, failed } = await opened.load(entries)
  expect(messages).toEqual([])
  expect(failed.map(({ entry, problem }) => [entry.key, problem])).toEqual([
    ['1.link', 'it is a symbolic link'],
    ['2.pipe', 'it is no file'],
    ['3.directory', 'it is no file'],
  ])
  expect(from.skipped).toEqual([{ what: join(root, '.Linked'), why: 'symbolic links are not followed' }])
})

it('takes names of any octets', async () => {
  await makeMaildir('')
  const name = Buffer.concat([
    Buffer.from(join(root, 'cur/1.h\u00f6st')),
    Buffer.from([0xff]),
    Buffer.from(':2,S'),
  ])
  await writeFile(name, 'x\n')
  await mkdir(Buffer.concat([Buffer.from(join(root, '.caf')), Buffer.from([0xe9]), Buffer.from('/cur')]), {
    recursive: true,
  })
  const from = source()
  expect((await from.mailboxes()).map(({ levels }) => levels)).toEqual([['INBOX'], ['café']])
  const { opened, entries } = await read('INBOX', from)
  const { messages } = await opened.load(entries)
  expect(messages).toHaveLength(1)
  expect(entries[0]?.flags).toEqual(['\\Seen'])
})

it('is another mailbox when its directory is another one', async () => {
  await makeMaildir('')
  const { identity } = (await read()).opened
  expect((await read()).opened.identity).toBe(identity)
  await rename(root, `${root}.old`)
  await makeMaildir('')
  expect((await read()).opened.identity).not.toBe(identity)
  await rm(`${root}.old`, { recursive: true })
})

it('changes nothing', async () => {
  await makeMaildir('')
  await put('new/1.host')
  await chmod(join(root, 'new/1.host'), 0o400)
  const before = await readdir(root, { recursive: true })
  const { opened, entries } = await read()
  await opened.load(entries)
  await opened.close()
  expect(await readdir(root, { recursive: true })).toEqual(before)
})
