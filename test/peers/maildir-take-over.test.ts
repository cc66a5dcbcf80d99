import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type AccountStore, bufferContent, createLog, parseAddress, systemClock } from 'mailwright'
import {
  decodeModifiedUtf7,
  defaultDovecotUidlFormat,
  formatDovecotKeywords,
  mailboxOfMaildirDirectory,
  maildirFlags,
} from 'mailwright/formats'
import { recordedRetrieval } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MaildirStore } from '../../plugins/maildir/account/maildir-store.ts'
import { nodeFileSystem } from '../../plugins/maildir/files/file-system.ts'
import { type Located, pathOf, scanMailbox } from '../../plugins/maildir/files/scan.ts'
import { type ForeignStateOptions, readForeignState } from '../../plugins/maildir/foreign/foreign-state.ts'
import { readForeignSubscriptions } from '../../plugins/maildir/foreign/foreign-subscriptions.ts'
import { parseMaildirOptions } from '../../plugins/maildir/options.ts'
import { MaildirSize } from '../../plugins/maildir/quota/maildirsize-file.ts'
import { ImapConversation } from '../support/imap/imap-conversation.ts'
import { LineClient } from '../support/line-client.ts'
import { startCourier } from '../support/peers/courier.ts'
import { startDovecotMail } from '../support/peers/dovecot-mail.ts'
import { requirePeer, requirePeerModule, requireUnpackedPeer } from '../support/peers/peers.ts'
import { runProcess } from '../support/run-process.ts'

const dovecot = requirePeerModule('doveadm', 'dovecot-imapd', 'dovecot-pop3d')
const courier = requireUnpackedPeer('courier')
const maildrop = requirePeer('maildrop')

/** What clients know of an account: the same, whether the server tells that was here or the one that took over. */
interface Told {
  readonly subscriptions: readonly string[]
  /** By our names. */
  readonly mailboxes: Readonly<Record<string, ToldMailbox>>
}

interface ToldMailbox {
  readonly uidValidity: number
  readonly uidNext: number
  /** By UID. */
  readonly messages: Readonly<Record<number, ToldMessage>>
}

/** The subject, which no two messages of a mailbox share, and the flags, sorted. */
type ToldMessage = readonly [subject: string, ...flags: string[]]

/** How a server writes the names of mailboxes. */
interface Naming {
  readonly separator: '/' | '.'
  readonly prefix: string
}

/** One of the servers. */
interface MailServer {
  readonly imapPort: number
  readonly pop3Port: number
  readonly maildir: string
  /** Absent where the server knows who calls. */
  readonly user?: string
  readonly password?: string
}

const ofCourier: Naming = { separator: '.', prefix: 'INBOX.' }
const ofDovecot: Naming = { separator: '/', prefix: '' }

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-take-over-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const text = (subject: string): string =>
  `From: ann@example.org\r\nSubject: ${subject}\r\n\r\nbody of ${subject}\r\n`
const talkTo = ({ imapPort, user = '', password = '' }: MailServer): Promise<ImapConversation> =>
  ImapConversation.open(imapPort, user, password)

/** Puts a message where another program would. */
async function deliver(maildir: string, name: string, subject: string): Promise<void> {
  await writeFile(join(maildir, name), text(subject).replaceAll('\r\n', '\n'), { mode: 0o644 })
}

/** Lets an account have a history; answers what the server tells at its end. */
async function live(server: MailServer, naming: Naming): Promise<Told> {
  const theirs = (...levels: readonly string[]): string =>
    `"${naming.prefix}${levels.join(naming.separator)}"`
  const first = await talkTo(server)
  await first.command('APPEND INBOX', text('one'))
  await first.command('APPEND INBOX (\\Seen $Forwarded Junk)', text('two'))
  await first.command('APPEND INBOX (Custom)', text('three'))
  await first.command('APPEND INBOX (\\Flagged)', text('four'))
  await first.command('APPEND INBOX', text('five'))
  await first.command('SELECT INBOX')
  await first.command('STORE 2 +FLAGS (\\Answered Custom)')
  await first.command('STORE 2 -FLAGS (Junk)')
  await first.command('STORE 4 +FLAGS (Junk)')
  await first.command('STORE 3 FLAGS ()')
  await first.command('STORE 1,5 +FLAGS (\\Deleted)')
  await first.command('EXPUNGE')
  for (const levels of [['Work'], ['Work', 'Bills'], ['Entw&APw-rfe'], ['a &- b'], ['Empty'], ['Gone']])
    await first.command(`CREATE ${theirs(...levels)}`)
  await first.command(`APPEND ${theirs('Work', 'Bills')} (Other \\Draft)`, text('bill'))
  await first.command(`COPY 1:2 ${theirs('Work', 'Bills')}`)
  await first.command(`APPEND ${theirs('Entw&APw-rfe')}`, text('draft'))
  for (const levels of [['Work', 'Bills'], ['Entw&APw-rfe'], ['a &- b'], ['Work'], ['Gone']])
    await first.command(`SUBSCRIBE ${theirs(...levels)}`)
  await first.command('SUBSCRIBE INBOX')
  await first.command(`UNSUBSCRIBE ${theirs('Work')}`)
  await first.command(`DELETE ${theirs('Gone')}`)
  await first.logOut()
  await deliver(server.maildir, 'new/1700000000.M1P2.host', 'six')
  const second = await talkTo(server)
  await second.command('SELECT INBOX')
  await second.command('STORE 4 +FLAGS ($Label1 \\Seen)')
  const told = await tell(second, naming)
  await second.logOut()
  return told
}

/** What the server tells of all mailboxes, or of some by its names. */
async function tell(imap: ImapConversation, naming: Naming, only?: readonly string[]): Promise<Told> {
  const names = async (command: string): Promise<readonly string[]> =>
    (await imap.command(command)).flatMap((line) => {
      const [, attributes = '', name] = /^\* L\w+ \((.*?)\) "." "?(.*?)"?$/.exec(line) ?? []
      return name === undefined || /\\no(select|nexistent)/i.test(attributes) ? [] : [name]
    })
  const mailboxes: Record<string, ToldMailbox> = {}
  for (const name of only ?? (await names('LIST "" "*"'))) {
    const selected = (await imap.command(`SELECT "${name}"`)).join('\n')
    const status = (await imap.command(`STATUS "${name}" (UIDNEXT)`)).join('\n')
    mailboxes[ourName(name, naming)] = {
      uidValidity: Number(/\[UIDVALIDITY (\d+)\]/.exec(selected)?.[1]),
      uidNext: Number(/UIDNEXT (\d+)/.exec(status)?.[1]),
      messages: / [1-9]\d* EXISTS/.test(selected) ? await messagesTold(imap) : {},
    }
  }
  const subscribed = (await names('LSUB "" "*"')).map((name) => ourName(name, naming))
  return { subscriptions: subscribed.sort(), mailboxes }
}

async function messagesTold(imap: ImapConversation): Promise<ToldMailbox['messages']> {
  const answer = (await imap.command('UID FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])')).join(
    '\n',
  )
  const form = /FETCH \(UID (\d+) FLAGS \((.*?)\) BODY\[.*?\] \{\d+\}\nSubject: (.*)/g
  return Object.fromEntries(
    [...answer.matchAll(form)].map(([, uid, flags = '', subject = '']) => {
      const kept = flags.split(' ').filter((flag) => flag !== '' && flag !== '\\Recent')
      return [uid, [subject, ...kept.sort()]]
    }),
  )
}

function ourName(theirs: string, { prefix, separator }: Naming): string {
  const name = theirs.startsWith(prefix) ? theirs.slice(prefix.length) : theirs
  return name
    .split(separator)
    .map((level) => decodeModifiedUtf7(level))
    .join('/')
}

/** What we know of the account by the files that the server left. */
async function toldByFiles(maildir: string): Promise<Told> {
  const mailboxes: Record<string, ToldMailbox> = {}
  for (const directory of ['.', ...(await readdir(maildir))]) {
    const name = directory === '.' ? 'INBOX' : mailboxOfMaildirDirectory(directory)
    const path = join(maildir, directory)
    if (name === undefined || !(await stat(path)).isDirectory()) continue
    const state = await readForeignState(nodeFileSystem, path)
    if (state === undefined) continue
    const messages: Record<number, ToldMessage> = {}
    for (const located of (await scanMailbox(nodeFileSystem, path)).messages.values()) {
      const letters = [...located.letters].flatMap((letter) => state.keywords.ofLetter.get(letter) ?? [])
      const keywords = state.keywords.ofMessage.get(located.base) ?? []
      const flags = [...maildirFlags(located.letters), ...letters, ...keywords].sort()
      messages[state.uids.get(located.base) ?? 0] = [await subjectOf(path, located), ...flags]
    }
    mailboxes[name] = { uidValidity: state.uidValidity ?? 0, uidNext: state.uidNext, messages }
  }
  return { subscriptions: (await readForeignSubscriptions(nodeFileSystem, maildir)) ?? [], mailboxes }
}

/** Our own store on the Maildir of another server. */
async function storeOn(maildir: string): Promise<AccountStore> {
  const options = parseMaildirOptions({ root: dirname(maildir), path: '{user}' })
  const store = new MaildirStore({
    ...options,
    path: basename(maildir),
    files: nodeFileSystem,
    announce: recordedRetrieval(),
    clock: systemClock,
    log: createLog('silent'),
    hostname: 'mail.example.org',
  })
  const address = parseAddress('ann@example.org')
  if (address === undefined) throw new TypeError('not an address')
  return store.open({ id: 'ann', address })
}

/** What our store tells of it. */
async function toldByStore(account: AccountStore): Promise<Told> {
  const mailboxes: Record<string, ToldMailbox> = {}
  for (const { name } of await account.mailboxes()) {
    const mailbox = await account.openMailbox(name)
    const messages: Record<number, ToldMessage> = {}
    for await (const { uid, header } of mailbox.summaries(mailbox.entries.map((entry) => entry.uid))) {
      const flags = mailbox.entries.find((entry) => entry.uid === uid)?.flags ?? []
      messages[uid] = [header.text('subject') ?? '', ...flags]
    }
    mailboxes[name] = { uidValidity: mailbox.uidValidity, uidNext: mailbox.uidNext, messages }
    await mailbox.close()
  }
  return { subscriptions: await account.subscriptions(), mailboxes }
}

/** What our store makes of it: the same, and it goes on from there. */
async function expectTakenOver(maildir: string, told: Told): Promise<void> {
  const account = await storeOn(maildir)
  expect(await toldByStore(account)).toEqual(told)
  const staged = await account.stage('INBOX', bufferContent(Buffer.from(text('ours'))))
  await staged.commit()
  const inbox = await account.openMailbox('INBOX')
  expect(inbox.entries.at(-1)?.uid).toBe(told.mailboxes.INBOX?.uidNext)
  await account.subscribe('Work', true)
  await inbox.changeFlags([2], { remove: ['$forwarded'] })
  await inbox.changeFlags([2], { add: ['ours'] })
  const again = await toldByStore(await storeOn(maildir))
  expect(again.subscriptions).toEqual([...told.subscriptions, 'Work'].sort())
  expect(again.mailboxes.INBOX?.messages[2]).toEqual(['two', 'Custom', '\\Answered', '\\Seen', 'ours'])
  // Their lists are stale from now on: a lost index of ours does not lead back to them.
  await rm(join(maildir, 'mailwright-index'))
  const lost = await toldByStore(await storeOn(maildir))
  expect(lost.mailboxes.INBOX?.uidValidity).toBeGreaterThan(told.mailboxes.INBOX?.uidValidity ?? 0)
}

async function subjectOf(path: string, located: Located): Promise<string> {
  const content = await readFile(pathOf(path, located), 'latin1')
  return /^Subject: (.*?)\r?$/m.exec(content)?.[1] ?? ''
}

/** The UIDLs that the server tells POP3 clients, by subject. */
async function uidlsTold({
  pop3Port,
  user,
  password,
}: MailServer): Promise<Readonly<Record<string, string>>> {
  const pop3 = await LineClient.open(pop3Port)
  const ask = async (command?: string): Promise<void> => {
    if (command !== undefined) pop3.send(command)
    expect(await pop3.line()).toMatch(/^\+OK/)
  }
  await ask()
  if (user !== undefined) await ask(`USER ${user}`)
  if (password !== undefined) await ask(`PASS ${password}`)
  await ask('UIDL')
  const uidls: Record<string, string> = {}
  for (const line of await pop3.block()) {
    const [number = '', uidl = ''] = line.split(' ')
    await ask(`TOP ${number} 0`)
    uidls[/^Subject: (.*)$/m.exec((await pop3.block()).join('\n'))?.[1] ?? ''] = uidl
  }
  await ask('QUIT')
  pop3.close()
  return uidls
}

async function uidlsByFiles(
  maildir: string,
  options: ForeignStateOptions = {},
): Promise<Readonly<Record<string, string>>> {
  const state = await readForeignState(nodeFileSystem, maildir, options)
  const uidls: Record<string, string> = {}
  for (const located of (await scanMailbox(nodeFileSystem, maildir)).messages.values()) {
    const uidl = state?.pop3Uidls.get(located.base)
    if (uidl !== undefined) uidls[await subjectOf(maildir, located)] = uidl
  }
  return uidls
}

/** What both servers must have told at the end of `live`, but for UIDVALIDITY. */
function expectLived({ subscriptions, mailboxes }: Told): void {
  expect(subscriptions).toEqual(['Entwürfe', 'Gone', 'INBOX', 'Work/Bills', 'a & b'])
  expect(Object.keys(mailboxes).sort()).toEqual(
    expect.arrayContaining(['Empty', 'Entwürfe', 'INBOX', 'Work', 'Work/Bills', 'a & b']),
  )
  expect(mailboxes.INBOX?.uidNext).toBe(7)
  expect(mailboxes.INBOX?.messages).toEqual({
    2: ['two', '$Forwarded', 'Custom', '\\Answered', '\\Seen'],
    3: ['three'],
    4: ['four', 'Junk', '\\Flagged'],
    6: ['six', '$Label1', '\\Seen'],
  })
  expect(mailboxes['Work/Bills']?.messages).toEqual({
    1: ['bill', 'Other', '\\Draft'],
    2: ['two', '$Forwarded', 'Custom', '\\Answered', '\\Seen'],
    3: ['three'],
  })
}

describe.runIf(dovecot.available)(`a Maildir of Dovecot (${dovecot.title})`, () => {
  it.each([ofDovecot, ofCourier])('is known as it was told: $separator, $prefix', async (naming) => {
    await using server = await startDovecotMail(folder, naming)
    const told = await live(server, naming)
    expectLived(told)
    expect(await toldByFiles(server.maildir)).toEqual(told)
    await expectTakenOver(server.maildir, told)
  })

  it('keeps the UIDLs of the format that Dovecot has, or of another', async () => {
    await using server = await startDovecotMail(folder)
    await live(server, ofDovecot)
    const told = await uidlsTold(server)
    expect(Object.keys(told)).toHaveLength(4)
    expect(await uidlsByFiles(server.maildir, { pop3UidlFormat: defaultDovecotUidlFormat })).toEqual(told)
    expect(await uidlsByFiles(server.maildir)).toEqual({})
  })

  it.each(['%v.%u', '%f', '%g', 'UID%u-%v', '%Xu.%08Xv', '%010u'])(
    'keeps UIDLs of the format %s',
    async (format) => {
      const settings = `pop3_uidl_format = ${format}`
      await using server = await startDovecotMail(folder, { settings })
      await live(server, ofDovecot)
      expect(await uidlsByFiles(server.maildir, { pop3UidlFormat: format })).toEqual(await uidlsTold(server))
    },
  )

  it.each(['UID%u-%v', '%f'])('keeps UIDLs that Dovecot wrote down, of the format %s', async (format) => {
    const settings = `pop3_uidl_format = ${format}\npop3_save_uidl = yes`
    await using server = await startDovecotMail(folder, { settings })
    await live(server, ofDovecot)
    const told = await uidlsTold(server)
    expect(Object.keys(told)).toHaveLength(4)
    expect(await uidlsByFiles(server.maildir, { pop3UidlFormat: defaultDovecotUidlFormat })).toEqual(told)
  })

  it('tells the keywords that we wrote', async () => {
    const home = join(folder, 'dovecot/Maildir')
    for (const directory of ['cur', 'new', 'tmp']) await mkdir(join(home, directory), { recursive: true })
    await deliver(home, 'cur/1700000000.M1P2.host:2,Sac', 'one')
    await writeFile(join(home, 'dovecot-keywords'), formatDovecotKeywords(['Junk', '', '$Forwarded']))
    await giveAway(home)
    await using server = await startDovecotMail(folder)
    const imap = await talkTo(server)
    const told = await tell(imap, ofDovecot)
    expect(told.mailboxes.INBOX?.messages).toEqual({ 1: ['one', '$Forwarded', 'Junk', '\\Seen'] })
    await imap.command('APPEND INBOX (Custom)', text('two'))
    await imap.logOut()
    const { mailboxes } = await toldByFiles(server.maildir)
    expect(mailboxes.INBOX?.messages[1]).toEqual(['one', '$Forwarded', 'Junk', '\\Seen'])
    expect(mailboxes.INBOX?.messages[2]).toEqual(['two', 'Custom'])
  })

  it('shares its quota', async () => {
    const settings =
      'mail_plugins = quota\nplugin {\n  quota = maildir:User quota\n  quota_rule = *:storage=1M\n}'
    await using server = await startDovecotMail(folder, { settings })
    const size = new MaildirSize(nodeFileSystem, server.maildir, () => 'unique')
    const imap = await talkTo(server)
    await imap.command('APPEND INBOX', text('one'))
    const limits = { bytes: 1_048_576, messages: 0 }
    const octets = text('one').length
    const told = async () => (await size.read(Date.now(), { limits }))?.sums
    await imap.command('APPEND INBOX', text('two'))
    await imap.command('SELECT INBOX')
    await imap.command('STORE 1 +FLAGS (\\Deleted)')
    expect((await told())?.messages).toBe(2)
    await imap.command('EXPUNGE')
    expect((await told())?.messages).toBe(1)
    await size.add({ bytes: 2048, messages: 2 })
    const usage = await server.doveadm('-f', 'tab', 'quota', 'get', '-u', server.user)
    expect(usage.stdout, usage.stderr).toMatch(/\tMESSAGE\t3\t/)
    expect(usage.stdout).toMatch(/\tSTORAGE\t3\t1024\t/)
    expect((await told())?.bytes).toBeGreaterThan(2048)
    expect((await told())?.bytes).toBeLessThanOrEqual(2048 + octets)
    await size.recalculate(limits, { bytes: 1_048_000, messages: 3 })
    await giveAway(server.maildir)
    await expect(imap.command('APPEND INBOX', text('x'.repeat(1000)))).rejects.toThrow(/OVERQUOTA/)
    await imap.logOut()
  })
})

describe.runIf(courier.available)(`a Maildir of Courier (${courier.title})`, () => {
  it('is known as it was told', async () => {
    await using server = await startCourier(courier, folder)
    const told = await live(server, ofCourier)
    expectLived(told)
    expect(await toldByFiles(server.maildir)).toEqual(told)
    await expectTakenOver(server.maildir, told)
  })

  it('keeps UIDLs', async () => {
    await using server = await startCourier(courier, folder)
    await live(server, ofCourier)
    const told = await uidlsTold(server)
    expect(Object.keys(told)).toHaveLength(4)
    expect(await uidlsByFiles(server.maildir)).toEqual(told)
    await deliver(server.maildir, 'new/1800000000.M1P2.host', 'later')
    expect(await uidlsByFiles(server.maildir)).toEqual(told)
    expect(await uidlsTold(server)).toMatchObject(told)
  })

  it('shares its quota', async () => {
    await using server = await startCourier(courier, folder)
    const size = new MaildirSize(nodeFileSystem, server.maildir, () => 'unique')
    await size.recalculate({ bytes: 3000, messages: 0 }, { bytes: 0, messages: 0 })
    await expectSharedQuota(size, (content) =>
      server.run('usr/bin/deliverquota.courier', ['Maildir', '3000S'], content),
    )
    const imap = await talkTo(server)
    await imap.command('SELECT INBOX')
    const quota = (await imap.command('GETQUOTA "ROOT"')).join('\n')
    expect(quota).toMatch(/STORAGE 2 3\b/)
    await imap.command('STORE 1 +FLAGS (\\Deleted)')
    await imap.command('EXPUNGE')
    expect((await size.read(Date.now()))?.sums?.messages).toBe(1)
    await imap.logOut()
  })
})

describe.runIf(courier.available && dovecot.available)('a Maildir of Courier, then of Dovecot', () => {
  it('is known as the later told', async () => {
    const before = await startCourier(courier, folder)
    await live(before, ofCourier)
    await before[Symbol.asyncDispose]()
    await mkdir(join(folder, 'dovecot'))
    await rename(before.maildir, join(folder, 'dovecot/Maildir'))
    await giveAway(join(folder, 'dovecot/Maildir'))
    await using server = await startDovecotMail(folder)
    const imap = await talkTo(server)
    await imap.command('SELECT INBOX')
    await imap.command('STORE 1 +FLAGS (Later)')
    await imap.command('APPEND INBOX', text('seven'))
    // Dovecot does not open the mailboxes whose names Courier wrote in UTF-8.
    const { mailboxes } = await tell(imap, ofDovecot, ['INBOX', 'Work/Bills'])
    await imap.logOut()
    expect(mailboxes.INBOX?.uidNext).toBe(6)
    const ours = await toldByFiles(server.maildir)
    expect(ours.mailboxes.INBOX).toEqual(mailboxes.INBOX)
    expect(ours.mailboxes['Work/Bills']).toEqual(mailboxes['Work/Bills'])
  })
})

describe.runIf(maildrop.available)(`a Maildir of ${maildrop.title}`, () => {
  it('shares its quota', async () => {
    const env = { PATH: `${process.env.PATH}:/usr/sbin` }
    const run = (program: string, words: readonly string[], stdin = '') =>
      runProcess(program, words, { folder, env, stdin })
    expect((await run('maildirmake.maildrop', ['Maildir'])).code).toBe(0)
    expect((await run('maildirmake.maildrop', ['-q', '3000S', 'Maildir'])).code).toBe(0)
    const size = new MaildirSize(nodeFileSystem, join(folder, 'Maildir'), () => 'unique')
    await expectSharedQuota(size, (content) => run('deliverquota.maildrop', ['Maildir', '3000S'], content))
  })
})

/** Lets two messages of 1000 octets in, one of them counted by us, and a third one out. */
async function expectSharedQuota(
  size: MaildirSize,
  deliverThere: (content: string) => Promise<{ readonly code: number | null }>,
): Promise<void> {
  const limits = { bytes: 3000, messages: 0 }
  const content = text('quota').replaceAll('\r\n', '\n').padEnd(999, 'x').concat('\n')
  expect((await deliverThere(content)).code).toBe(0)
  expect(await size.read(Date.now())).toEqual({ limits, sums: { bytes: 1000, messages: 1 } })
  await size.add({ bytes: 1001, messages: 1 })
  expect(await size.read(Date.now())).toEqual({ limits, sums: { bytes: 2001, messages: 2 } })
  // There are more lines than one: the program counts anew before it refuses, and finds ours missing.
  expect((await deliverThere(content)).code).toBe(0)
  expect(await size.read(Date.now())).toEqual({ limits, sums: { bytes: 2000, messages: 2 } })
  await size.recalculate(limits, { bytes: 2001, messages: 2 })
  expect([75, 77]).toContain((await deliverThere(content)).code)
  const coming = { bytes: 1000, messages: 1 }
  expect((await size.read(Date.now(), { coming }))?.sums).toEqual({ bytes: 2001, messages: 2 })
}

/** Lets Dovecot work on files that we made. */
async function giveAway(path: string): Promise<void> {
  if (process.getuid?.() === 0) await runProcess('chown', ['-R', '65534:65534', path], { folder })
}
