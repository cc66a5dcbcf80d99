import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { accounts, parseAddress, readAll, store } from 'mailwright'
import accountsFile from 'mailwright/plugins/accounts-file'
import maildir from 'mailwright/plugins/maildir'
import { createTestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ImapConversation } from '../support/imap/imap-conversation.ts'
import { startCourier } from '../support/peers/courier.ts'
import { type DovecotMail, type DovecotMailOptions, startDovecotMail } from '../support/peers/dovecot-mail.ts'
import { requirePeer, requirePeerModule, requireUnpackedPeer } from '../support/peers/peers.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment, type Finished, runProcess } from '../support/run-process.ts'

const dovecot = requirePeerModule('doveadm', 'dovecot-imapd')
const courier = requireUnpackedPeer('courier')
const python = requirePeer('python3')
const openssl = requirePeer('openssl')

const config = `
  import accountsFile from 'mailwright/plugins/accounts-file'
  import maildir from 'mailwright/plugins/maildir'
  import migration from 'mailwright/plugins/migration'
  export default { dataDir: 'data', plugins: [accountsFile(), maildir(), migration()] }
`
const address = 'me@example.org'
const nobody = 65_534

let project: TemporaryProject
let folder = ''
const servers: AsyncDisposable[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-peers-'))
  project = await temporaryProject({
    'mailwright.config.ts': config,
    'data/accounts.txt': `@example.org\n${address}:\n`,
  })
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]()
  await project[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const mailwright = (words: readonly string[]): readonly string[] => [
  '--conditions=mailwright-source',
  join(projectFolder, 'core/cli/main.ts'),
  ...words,
]
const run = (...words: readonly string[]): Promise<Finished> =>
  runProcess(process.execPath, mailwright(words), { folder: project.folder, stdin: 'secret\n' })

async function succeed(...words: readonly string[]): Promise<Finished> {
  const finished = await run(...words)
  expect(finished.stderr + finished.stdout, words.join(' ')).not.toMatch(/^(mailwright:|failed:|left out:)/m)
  expect(finished.code, words.join(' ')).toBe(0)
  return finished
}

async function serve(options: DovecotMailOptions = {}): Promise<DovecotMail> {
  const server = await startDovecotMail(folder, options)
  servers.push(server)
  return server
}

const importWords = (server: DovecotMail, ...more: readonly string[]): readonly string[] => [
  ...['import', 'imap', '127.0.0.1', '--port', String(server.imapPort), '--tls', 'none'],
  ...['--user', server.user, '--password-stdin', '--to', address, ...more],
]

interface Stored {
  readonly uid: number
  readonly flags: readonly string[]
  readonly date: string
  readonly text: string
}

/** What is in the account, read with the plugins of the config. */
async function stored(): Promise<{
  readonly mailboxes: Readonly<Record<string, readonly Stored[]>>
  readonly uses: Readonly<Record<string, string>>
  readonly subscriptions: readonly string[]
}> {
  const plugins = [accountsFile(), maildir()]
  await using host = await createTestHost({ dataDir: join(project.folder, 'data'), plugins })
  const found = await host.service(accounts).resolve(parseAddress(address) ?? { localPart: '', domain: '' })
  if (found.kind !== 'account') throw new Error('no account')
  const account = await host.service(store).open(found.account)
  const mailboxes: Record<string, readonly Stored[]> = {}
  const infos = await account.mailboxes()
  for (const { name } of infos) {
    const mailbox = await account.openMailbox(name)
    const messages: Stored[] = []
    for (const { uid, flags, internalDate } of mailbox.entries) {
      const text = String(await readAll(await mailbox.content(uid)))
      messages.push({ uid, flags, date: internalDate.toISOString(), text })
    }
    mailboxes[name] = messages
    await mailbox.close()
  }
  const uses = infos.flatMap(({ name, specialUse }) => (specialUse === undefined ? [] : [[name, specialUse]]))
  return { mailboxes, uses: Object.fromEntries(uses), subscriptions: await account.subscriptions() }
}

const message = (subject: string): string =>
  `From: jo@example.org\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.org>\r\n\r\nbody of ${subject}\r\n`

/** Some mail with all that can be told of mail, by whatever the server is. */
async function fill(client: ImapConversation, name: (mailbox: string) => string = (mailbox) => mailbox) {
  for (const mailbox of ['Sent', 'R&AOk-sum&AOk-']) {
    await client.command(`CREATE "${name(mailbox)}"`)
    await client.command(`SUBSCRIBE "${name(mailbox)}"`)
  }
  for (const subject of ['one', 'two', 'three', 'four'])
    await client.command(
      `APPEND INBOX (\\Seen Work) "0${subject.length}-Feb-2020 10:11:12 +0100"`,
      message(subject),
    )
  await client.command(`APPEND "${name('R&AOk-sum&AOk-')}" (\\Flagged \\Draft)`, message('draft'))
  await client.command('SELECT INBOX')
  await client.command('STORE 1 +FLAGS.SILENT (\\Deleted)')
  await client.command('EXPUNGE')
  await client.command('STORE 2 -FLAGS.SILENT (\\Seen Work)')
  await client.command('STORE 2 +FLAGS.SILENT (\\Answered $Forwarded)')
}

const expectedInbox = [
  { uid: 2, flags: ['Work', '\\Seen'], date: '2020-02-03T09:11:12.000Z', text: message('two') },
  { uid: 3, flags: ['$Forwarded', '\\Answered'], date: '2020-02-05T09:11:12.000Z', text: message('three') },
  { uid: 4, flags: ['Work', '\\Seen'], date: '2020-02-04T09:11:12.000Z', text: message('four') },
]
const expectedDraft = expect.objectContaining({
  flags: ['\\Draft', '\\Flagged'],
  text: message('draft'),
}) as unknown

const specialUses = 'namespace inbox {\n  mailbox Sent {\n    special_use = \\Sent\n  }\n}\n'

describe.runIf(dovecot.available)(dovecot.title, () => {
  test('everything that its IMAP tells arrives, once', async () => {
    const server = await serve({ settings: specialUses })
    const client = await ImapConversation.open(server.imapPort, server.user, server.password)
    await fill(client)
    await client.logOut()
    await succeed(...importWords(server))
    const first = await stored()
    expect(first.mailboxes).toEqual({ INBOX: expectedInbox, Résumé: [expectedDraft], Sent: [] })
    expect(first.uses).toEqual({ Sent: '\\Sent' })
    expect(first.subscriptions).toEqual(expect.arrayContaining(['Résumé', 'Sent']))
    const again = await succeed(...importWords(server, '--json'))
    expect(again.stderr).toBe('')
    expect(JSON.parse(again.stdout)).toMatchObject({
      mailboxes: expect.arrayContaining([
        expect.objectContaining({ mailbox: 'INBOX', imported: 0, already: 3 }),
      ]) as unknown,
    })
    expect(await stored()).toEqual(first)
  })

  test('a prefix and another separator mean nothing here', async () => {
    const server = await serve({ separator: '.', prefix: 'INBOX.' })
    const client = await ImapConversation.open(server.imapPort, server.user, server.password)
    await fill(client, (mailbox) => `INBOX.${mailbox}`)
    await client.command('CREATE INBOX.Work.Bills')
    await client.logOut()
    await succeed(...importWords(server))
    expect(Object.keys((await stored()).mailboxes)).toEqual(['INBOX', 'Résumé', 'Sent', 'Work', 'Work/Bills'])
  })

  test('killed again and again, and nothing is missing or doubled', async () => {
    const server = await serve()
    const count = 2_000
    await putMessages(server.maildir, count)
    const words = importWords(server)
    // Before a batch is stored, while it is, and after it, each more than once.
    const moments = [noted, delivered, delivered, noted, delivered, noted] as const
    for (const [place, measure] of moments.entries())
      expect(await killAt(words, measure, measure === noted ? 600 : 1 + 60 * place), `kill ${place}`).toBe(
        true,
      )
    expect(await delivered()).toBeLessThan(count)
    await succeed(...importWords(server))
    const { mailboxes } = await stored()
    const subjects = mailboxes.INBOX?.map(({ text }) => Number(/^Subject: (\d+)/m.exec(text)?.[1]))
    expect(subjects).toEqual(Array.from({ length: count }, (_, number) => number))
    expect(mailboxes.INBOX?.map(({ uid }) => uid)).toEqual(subjects?.map((number) => number + 1))
  })

  test.runIf(openssl.available)('its certificate is verified', async () => {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject]
    execFileSync('openssl', [...made, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
    const server = await serve({ settings: `ssl = yes\nssl_cert = <${certificate}\nssl_key = <${key}\n` })
    const client = await ImapConversation.open(server.imapPort, server.user, server.password)
    await fill(client)
    await client.logOut()
    const words = importWords(server).map((word) => (word === 'none' ? 'starttls' : word))
    const hinted = { code: 1, stdout: expect.stringMatching(/no connection to .*--insecure/) as unknown }
    expect(await run(...words)).toMatchObject(hinted)
    const env = { NODE_EXTRA_CA_CERTS: certificate }
    const trusting = (host: string): Promise<Finished> => {
      const named = words.map((word) => (word === '127.0.0.1' ? host : word))
      return runProcess(process.execPath, mailwright(named), {
        folder: project.folder,
        stdin: 'secret\n',
        env,
      })
    }
    expect(await trusting('127.0.0.1')).toMatchObject(hinted)
    expect(await trusting('localhost')).toMatchObject({ code: 0 })
    expect((await stored()).mailboxes.INBOX).toEqual(expectedInbox)
    await succeed(...words, '--insecure')
  })

  test('a Maildir that it wrote keeps its UIDs, keywords and subscriptions', async () => {
    const server = await serve()
    const client = await ImapConversation.open(server.imapPort, server.user, server.password)
    await fill(client)
    await client.logOut()
    const before = await readdir(server.maildir, { recursive: true })
    await succeed('import', 'maildir', server.maildir, '--to', address)
    const { mailboxes, subscriptions } = await stored()
    expect(mailboxes).toEqual({ INBOX: expectedInbox, Résumé: [expectedDraft], Sent: [] })
    expect(subscriptions).toEqual(['Résumé', 'Sent'])
    expect(await readdir(server.maildir, { recursive: true })).toEqual(before)
  })

  test('mbox files that it wrote keep their UIDs and keywords', async () => {
    const place = join(folder, 'mboxes')
    await mkdir(place)
    if (process.getuid?.() === 0) await chown(place, nobody, nobody)
    const location = `mail_location = mbox:${place}:INBOX=${place}/inbox\nmbox_write_locks = fcntl\nlock_method = fcntl\n`
    const server = await serve({ settings: location })
    const client = await ImapConversation.open(server.imapPort, server.user, server.password)
    await fill(client)
    await client.logOut()
    await succeed('import', 'mbox', place, '--to', address)
    const { mailboxes } = await stored()
    expect(mailboxes.INBOX).toEqual(expectedInbox)
    expect(mailboxes).toMatchObject({ Résumé: [expectedDraft], Sent: [] })
  })

  test('takes over what was exported, with its UIDs', async () => {
    const server = await serve()
    const client = await ImapConversation.open(server.imapPort, server.user, server.password)
    await fill(client)
    await client.logOut()
    await succeed('import', 'maildir', server.maildir, '--to', address)
    await succeed('export', 'maildir', 'exported', '--from', address)
    await rm(server.maildir, { recursive: true })
    await cp(join(project.folder, 'exported'), server.maildir, { recursive: true, preserveTimestamps: true })
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${nobody}:${nobody}`, server.maildir])
    const reader = await ImapConversation.open(server.imapPort, server.user, server.password)
    const names = (await reader.command('LIST (SUBSCRIBED) "" *')).join('\n')
    expect(names).toContain('R&AOk-sum&AOk-')
    await reader.command('EXAMINE INBOX')
    const lines = (await reader.command('FETCH 1:* (UID FLAGS INTERNALDATE)')).map((line) =>
      line.replace('\\Recent', ''),
    )
    expect(lines[0]).toMatch(/UID 2 FLAGS \(\\Seen ?Work ?\) INTERNALDATE "03-Feb-2020/)
    expect(lines[1]).toMatch(/UID 3 FLAGS \(\\Answered ?\$Forwarded ?\)/)
    expect(lines[2]).toMatch(/UID 4 /)
    await reader.logOut()
  })
})

/** Messages of a Maildir, as some server has received them one after the other. */
async function putMessages(path: string, count: number): Promise<void> {
  for (const part of ['cur', 'new', 'tmp']) await mkdir(join(path, part), { recursive: true })
  for (let number = 0; number < count; number++) {
    const file = join(path, 'cur', `${1_500_000_000 + number}.M1P1.host:2,S`)
    await writeFile(file, message(String(number)).replaceAll('\r\n', '\n'))
    await utimes(file, 1_500_000_000 + number, 1_500_000_000 + number)
  }
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', `${nobody}:${nobody}`, path])
}

/** Starts an import and kills it as soon as something has grown by so much. False where it ended before that. */
async function killAt(
  words: readonly string[],
  measure: () => Promise<number>,
  growth: number,
): Promise<boolean> {
  const before = await measure()
  const child = spawn(process.execPath, mailwright(words), {
    cwd: project.folder,
    env: environment(),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.stdin?.end('secret\n')
  const ended = once(child, 'exit')
  while (child.exitCode === null && (await measure()) < before + growth) await pause(1)
  child.kill('SIGKILL')
  const [code] = (await ended) as [number | null]
  return code === null
}

/** Octets of the state: it grows when a batch is about to be stored. */
async function noted(): Promise<number> {
  const place = join(project.folder, 'data/import')
  const [name] = (await readdir(place).catch(() => [])).filter((each) => each.endsWith('.jsonl'))
  return name === undefined ? 0 : (await stat(join(place, name))).size
}

/** Messages in INBOX: they grow when a batch has just been stored. */
async function delivered(): Promise<number> {
  const names = await readdir(join(project.folder, 'data/mail/example.org/me/Maildir/cur')).catch(() => [])
  return names.length
}

describe.runIf(courier.available)(courier.title, () => {
  test('a Maildir that it wrote keeps its UIDs, keywords and subscriptions', async () => {
    const server = await startCourier(courier, folder)
    servers.push(server)
    const client = await ImapConversation.open(server.imapPort, 'ann', 'secret')
    await fill(client, (mailbox) => `INBOX.${mailbox}`)
    await client.logOut()
    await succeed('import', 'maildir', server.maildir, '--to', address)
    const { mailboxes, subscriptions } = await stored()
    expect(mailboxes.INBOX).toEqual(expectedInbox)
    expect(mailboxes.Résumé).toEqual([expectedDraft])
    expect(subscriptions).toEqual(expect.arrayContaining(['Résumé', 'Sent']))
  })
})

describe.runIf(python.available)(python.title, () => {
  interface PythonMessage {
    readonly subject: string
    readonly flags: string
    readonly body: string
    readonly date?: number
    readonly keywords?: readonly string[]
    readonly from?: string
  }

  const read = async (
    ...words: readonly string[]
  ): Promise<Readonly<Record<string, readonly PythonMessage[]>>> => {
    const script = join(projectFolder, 'test/peers/migration.py')
    const { stdout, stderr } = await runProcess('python3', [script, ...words], { folder: project.folder })
    expect(stderr).toBe('')
    return JSON.parse(stdout) as Record<string, readonly PythonMessage[]>
  }

  beforeEach(async () => {
    const box =
      'From jo@example.org Thu Jan  2 03:04:05 2020\nX-IMAPbase: 1 9\nX-UID: 3\nStatus: RO\nX-Status: AF\nX-Keywords: Work\n' +
      'Return-Path: <jo@example.org>\nSubject: a\n\n>From the start\n\nFrom jo@example.org Thu Jan  2 03:04:06 2020\n\n' +
      'From jo@example.org Thu Jan  2 03:04:07 2020\nSubject: b\n\nbody\n'
    await project.write('mail/inbox', box.replace('2020\n\n', '2020\nSubject: c\n\nx\n\n'))
    await project.write(
      'mail/Work.sbd/Bills',
      'From jo@example.org Thu Jan  2 03:04:05 2020\nSubject: d\n\nbill\n',
    )
    await succeed('import', 'mbox', 'mail', '--to', address)
  })

  test('reads an exported Maildir', async () => {
    await succeed('export', 'maildir', 'out', '--from', address)
    const { INBOX = [], 'Work.Bills': bills } = await read('maildir', 'out')
    expect(INBOX.map(({ subject, flags }) => [subject, flags])).toEqual([
      ['a', expect.stringMatching(/^FRS/)],
      ['b', ''],
      ['c', ''],
    ])
    expect(INBOX[0]).toMatchObject({
      body: 'From the start\n',
      date: Date.parse('2020-01-02T03:04:05') / 1000,
    })
    expect(bills).toMatchObject([{ subject: 'd', body: 'bill\n' }])
    expect(await readFile(join(project.folder, 'out/dovecot-keywords'), 'utf8')).toBe('0 Work\n')
  })

  test('reads exported mbox files', async () => {
    await succeed('export', 'mbox', 'out', '--from', address)
    const { INBOX = [] } = await read('mbox', 'out/INBOX')
    expect(INBOX).toMatchObject([
      { subject: 'a', flags: 'AFR', keywords: ['Work'], from: 'jo@example.org', body: '>From the start\n' },
      { subject: 'b', from: 'MAILER-DAEMON', body: 'body\n' },
      { subject: 'c', body: 'x\n' },
    ])
    const { INBOX: bills } = await read('mbox', 'out/Work.sbd/Bills')
    expect(bills).toMatchObject([{ subject: 'd' }])
  })
})
