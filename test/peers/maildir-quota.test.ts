import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AccountStore, bufferContent, createLog, errorCode, parseAddress, systemClock } from 'mailwright'
import { recordedRetrieval } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MaildirStore } from '../../plugins/maildir/account/maildir-store.ts'
import { nodeFileSystem } from '../../plugins/maildir/files/file-system.ts'
import { ImapConversation } from '../support/imap/imap-conversation.ts'
import { type DovecotMail, startDovecotMail } from '../support/peers/dovecot-mail.ts'
import { requirePeer, requirePeerModule } from '../support/peers/peers.ts'
import { runProcess } from '../support/run-process.ts'

const dovecot = requirePeerModule('doveadm', 'dovecot-imapd', 'dovecot-pop3d')
const maildrop = requirePeer('maildrop')
const everything = dovecot.available && maildrop.available
const title = everything ? `${dovecot.title} and ${maildrop.title}` : `${dovecot.title}; ${maildrop.title}`

const quotaBytes = 8000
// The programs learn the limit from the file that we make.
const settings = 'mail_plugins = quota\nplugin {\n  quota = maildir:User quota\n}'

interface Sums {
  readonly bytes: number
  readonly messages: number
}

/** Somebody who delivers into the Maildir; answers whether the message was taken. */
type Deliver = (octets: number) => Promise<boolean>

let folder: string
let server: DovecotMail
let imap: ImapConversation
let store: MaildirStore
let ours: AccountStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-quota-'))
  server = await startDovecotMail(folder, { settings })
  imap = await ImapConversation.open(server.imapPort, server.user, server.password)
  store = new MaildirStore({
    root: folder,
    path: 'dovecot/Maildir',
    lineEnds: 'crlf',
    fullText: false,
    pop3UidlFormat: '%08Xu%08Xv',
    files: nodeFileSystem,
    announce: recordedRetrieval(),
    clock: systemClock,
    hostname: 'mail.example.org',
    log: createLog('silent'),
  })
  ours = await openAs(quotaBytes)
  await (await ours.stage('Work', content(0), { create: true })).commit()
  await giveAway()
  await imap.command('SELECT INBOX')
})

afterEach(async () => {
  await imap.logOut()
  await store.close()
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

function openAs(quota: number): Promise<AccountStore> {
  const address = parseAddress('ann@example.org')
  if (address === undefined) throw new TypeError('not an address')
  return store.open({ id: 'ann', address, quotaBytes: quota })
}

// Without line ends a message has as many octets for those who write CRLF as for those who write LF.
const message = (octets: number): string => 'Subject: x'.padEnd(octets, 'y').slice(0, octets)
const content = (octets: number) => bufferContent(Buffer.from(message(octets)))

/** Lets Dovecot work on files that we made. */
async function giveAway(): Promise<void> {
  if (process.getuid?.() === 0) await runProcess('chown', ['-R', '65534:65534', server.maildir], { folder })
}

const run = (program: string, words: readonly string[], stdin: string) =>
  runProcess(program, words, { folder, stdin, env: { PATH: `${process.env.PATH}:/usr/sbin` } })

const deliverers: Readonly<Record<string, Deliver>> = {
  async ours(octets) {
    try {
      await (await ours.stage('INBOX', content(octets))).commit()
      return true
    } catch (error) {
      expect(errorCode(error)).toBe('MAIL_E_OVER_QUOTA')
      return false
    }
  },
  async dovecot(octets) {
    try {
      await imap.command('APPEND INBOX', message(octets))
      return true
    } catch (error) {
      expect(String(error)).toMatch(/OVERQUOTA/)
      return false
    }
  },
  async deliverquota(octets) {
    const { code } = await run('deliverquota.maildrop', [server.maildir], message(octets))
    expect([0, 77]).toContain(code)
    return code === 0
  },
  async maildrop(octets) {
    const filter = join(folder, 'filter')
    await writeFile(filter, `to "${server.maildir}/"\n`, { mode: 0o600 })
    // It ends a message without a line end with one, which it does not count.
    const { code } = await run('maildrop', [filter], `${message(octets - 1)}\n`)
    expect([0, 75]).toContain(code)
    return code === 0
  },
}

/** Changes other than deliveries. */
const changes: Readonly<Record<string, () => Promise<void>>> = {
  async 'we expunge the first'() {
    const mailbox = await ours.openMailbox('INBOX')
    await mailbox.expunge(mailbox.entries.slice(0, 1).map(({ uid }) => uid))
    await mailbox.close()
  },
  async 'we move the first'() {
    const mailbox = await ours.openMailbox('INBOX')
    await mailbox.move(
      mailbox.entries.slice(0, 1).map(({ uid }) => uid),
      'Work',
    )
    await mailbox.close()
  },
  async 'we copy the last where it fits'() {
    const mailbox = await ours.openMailbox('Work')
    const last = mailbox.entries.slice(-1).map(({ uid }) => uid)
    await mailbox
      .copy(last, 'INBOX')
      .catch((error: unknown) => expect(errorCode(error)).toBe('MAIL_E_OVER_QUOTA'))
    await mailbox.close()
  },
  async 'dovecot expunges the first'() {
    if (!(await imap.command('SELECT INBOX')).some((line) => / [1-9]\d* EXISTS/.test(line))) return
    await imap.command('STORE 1 +FLAGS (\\Deleted)')
    await imap.command('EXPUNGE')
  },
  async 'dovecot copies the first where it fits'() {
    if (!(await imap.command('SELECT INBOX')).some((line) => / [1-9]\d* EXISTS/.test(line))) return
    await imap.command('COPY 1 Work').catch((error: unknown) => expect(String(error)).toMatch(/OVERQUOTA/))
  },
  async 'we count anew'() {
    await rm(join(server.maildir, 'maildirsize'))
    await (await ours.stage('INBOX', content(0))).abort()
  },
}

/** What really lies there. We may be moving messages out of `new` a moment after they came. */
async function counted(): Promise<Sums> {
  for (;;) {
    try {
      return await countedOnce()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
}

async function countedOnce(): Promise<Sums> {
  const sizes = new Map<string, number>()
  const mailboxes = (await readdir(server.maildir)).filter((name) => name.startsWith('.'))
  for (const mailbox of ['.', ...mailboxes]) {
    for (const directory of ['new', 'cur']) {
      const path = join(server.maildir, mailbox, directory)
      for (const name of await readdir(path))
        sizes.set(join(mailbox, name.split(':')[0] ?? ''), (await stat(join(path, name))).size)
    }
  }
  return { bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0), messages: sizes.size }
}

/** The sums of `maildirsize`, added up independently of what is tested. */
async function told(): Promise<Sums & { readonly limit: string }> {
  const text = await readFile(join(server.maildir, 'maildirsize'), 'latin1')
  const [limit = '', ...lines] = text.trimEnd().split('\n')
  const sum = (column: number): number =>
    lines.reduce((before, line) => before + Number(line.trim().split(/\s+/)[column]), 0)
  return { limit, bytes: sum(0), messages: sum(1) }
}

async function expectAgreement(what: string): Promise<void> {
  expect(await told(), what).toEqual({ limit: `${quotaBytes}S`, ...(await counted()) })
  expect(await ours.usage(), what).toEqual(await counted())
}

describe.runIf(everything)(title, () => {
  it('and we take turns, and the sums stay right', async () => {
    const steps = Object.keys(changes)
    let state = 20_260_101
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return (state >>> 8) % below
    }
    const outcomes = new Set<string>()
    for (let turn = 0; turn < 100; turn++) {
      const before = await counted()
      if (random(3) === 0) {
        const name = steps[random(steps.length)] ?? ''
        await changes[name]?.()
        await giveAway()
        await expectAgreement(`turn ${turn}: ${name}`)
        continue
      }
      const [name, deliver] = Object.entries(deliverers)[random(4)] ?? []
      const octets = 100 + random(1500)
      const taken = await deliver?.(octets)
      await giveAway()
      expect(taken, `turn ${turn}: ${name}, ${octets} octets`).toBe(before.bytes + octets <= quotaBytes)
      await expectAgreement(`turn ${turn}: ${name}`)
      outcomes.add(`${name} ${taken}`)
    }
    expect(outcomes.size, 'everybody took and refused').toBe(8)
  })

  it('refuse at the point at which we do', async () => {
    for (const [name, deliver] of Object.entries(deliverers)) {
      const { bytes } = await counted()
      expect(await deliverers.ours?.(quotaBytes - bytes - 300), name).toBe(true)
      await giveAway()
      expect(await deliver(301), `${name}: one too many`).toBe(false)
      await giveAway()
      expect(await deliver(300), `${name}: just right`).toBe(true)
      await giveAway()
      for (const [other, again] of Object.entries(deliverers)) {
        expect(await again(1), `${other} after ${name}`).toBe(false)
        await giveAway()
      }
      await expectAgreement(name)
      const mailbox = await ours.openMailbox('INBOX')
      await mailbox.expunge(mailbox.entries.map(({ uid }) => uid))
      await mailbox.close()
      await giveAway()
    }
  })

  it('keep to the limit that the account has now', async () => {
    expect(await deliverers.ours?.(1000)).toBe(true)
    ours = await openAs(2000)
    await (await ours.stage('INBOX', content(1))).abort()
    await giveAway()
    expect((await told()).limit).toBe('2000S')
    for (const [name, deliver] of Object.entries(deliverers)) {
      expect(await deliver(1001), name).toBe(false)
      await giveAway()
    }
    const usage = await server.doveadm('-f', 'tab', 'quota', 'get', '-u', server.user)
    expect(usage.stdout, usage.stderr).toMatch(/\tSTORAGE\t1\t2\t/)
  })
})
