import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OpensslCertificates } from '../support/acme/openssl-certificates.ts'
import { freePort } from '../support/free-port.ts'
import { sendLetter } from '../support/letter.ts'
import { type DovecotLmtp, startDovecotLmtp, writeDovecotUsers } from '../support/peers/dovecot-lmtp.ts'
import { requirePeerModule } from '../support/peers/peers.ts'
import { arrived, bodyOf, eventually, everyOctet } from '../support/smtp/mail-exchange.ts'
import { type SendingSite, startSendingSite } from '../support/smtp/sending-site.ts'

// Mail that goes to a Dovecot by LMTP, which answers for each recipient.

const dovecot = requirePeerModule('doveadm', 'dovecot-lmtpd')
const runs = dovecot.available && process.getuid?.() === 0

describe.runIf(runs)(runs ? 'Dovecot' : `${dovecot.title} (as root)`, () => {
  let folder: string
  let port: number
  let store: DovecotLmtp
  let site: SendingSite

  const users = { jo: '10M', kim: '10M', small: '20K' }
  const start = (fullIsForNow: boolean) => startDovecotLmtp(folder, { port, users, fullIsForNow })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailwright-lmtp-'))
    port = await freePort()
    store = await start(false)
    site = await startSendingSite({
      transports: {
        'socket.there.example': { to: 'lmtp', socket: store.socket },
        'port.there.example': { to: 'lmtp', host: '127.0.0.1', port },
      },
    })
  })
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    await store?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const theirs = (user: string) => () => store.mailbox(user)
  const bounces = () => site.mailbox('ben@here.example')
  const send = (letter: Parameters<typeof sendLetter>[1]) =>
    sendLetter(site.port, { from: '<ben@here.example>', ...letter })
  const isEmpty = () => eventually(async () => (await site.run('queue', 'list')).out, /empty/)

  describe.each(['socket.there.example', 'port.there.example'])('for %s', (domain) => {
    test('several recipients, and dots', async () => {
      const to = [`<jo@${domain}>`, `<kim+lists@${domain}>`]
      await send({ to, text: `Subject: dots for ${domain}\n\n.\n..\n.x\nFrom here\n` })
      for (const user of ['jo', 'kim']) {
        const message = await arrived(theirs(user), `dots for ${domain}`)
        expect(bodyOf(message)).toBe('.\r\n..\r\n.x\r\nFrom here\r\n')
        expect(message).toMatch(/^\tby store\.there\.example with LMTP\n/m)
      }
      await isEmpty()
    })

    test('a megabyte of octets comes unchanged', async () => {
      const octets = everyOctet()
      const text = Buffer.concat([Buffer.from(`Subject: octets for ${domain}\r\n\r\n`), octets])
      await send({ from: '<ben@here.example> BODY=8BITMIME', to: [`<jo@${domain}>`], text })
      const body = bodyOf(await arrived(theirs('jo'), `octets for ${domain}`))
      expect(Buffer.from(body, 'latin1').equals(octets)).toBe(true)
    })

    test('who is unknown and whose mailbox is full bounce, and nobody else', async () => {
      const to = ['jo', 'nobody', 'small', 'kim'].map((user) => `<${user}@${domain}>`)
      const text = `Subject: three ways for ${domain}\n\n${`${'x'.repeat(70)}\n`.repeat(500)}`
      await send({ to, text })
      for (const user of ['jo', 'kim']) await arrived(theirs(user), `three ways for ${domain}`)
      const bounce = await arrived(bounces, `Not delivered: three ways for ${domain}`)
      const reported = (user: string, status: string) =>
        `Final-Recipient: rfc822; ${user}@${domain}\r\nAction: failed\r\nStatus: ${status}\r\n`
      expect(bounce).toContain(reported('nobody', '5.1.1'))
      expect(bounce).toContain(reported('small', '5.2.2'))
      expect(bounce.match(/^Final-Recipient:/gm)).toHaveLength(2)
      expect(await theirs('small')()).toEqual([])
      await isEmpty()
    })

    test('a success is told to who wants that', async () => {
      const from = '<ben@here.example> RET=HDRS ENVID=QQ'
      const to = [`<jo@${domain}> NOTIFY=SUCCESS`, `<kim@${domain}>`]
      await send({ from, to, text: `Subject: told for ${domain}\n\nx\n` })
      const report = await arrived(bounces, `Delivered: told for ${domain}`)
      expect(report).toMatch(/^Original-Envelope-Id: QQ\r$/m)
      expect(report).toContain(`Final-Recipient: rfc822; jo@${domain}\r\nAction: delivered\r\n`)
      expect(report).not.toContain(`kim@${domain}`)
    })
  })

  test('many at once, each once', async () => {
    const subjects = Array.from({ length: 40 }, (_, index) => `many ${index}`)
    await Promise.all(
      subjects.map((subject) =>
        send({ to: ['<jo@socket.there.example>'], text: `Subject: ${subject}\n\nx\n` }),
      ),
    )
    await isEmpty()
    for (const subject of subjects) await arrived(theirs('jo'), subject)
  })

  test('while it is away mail waits', async () => {
    await store[Symbol.asyncDispose]()
    await send({ to: ['<jo@socket.there.example>', '<jo@port.there.example>'], text: 'Subject: away\n\nx\n' })
    const listed = async () => (await site.run('queue', 'list')).out
    await eventually(listed, /451 4\.4\.1/)
    store = await start(true)
    await isEmpty()
    const both = (await theirs('jo')()).filter((message) => message.includes('Subject: away'))
    expect(both).toHaveLength(2)
  })

  test('whose mailbox is full for now gets it when there is room, and the others got it once', async () => {
    const to = ['jo', 'small', 'kim'].map((user) => `<${user}@port.there.example>`)
    const { message } = await send({ to, text: `Subject: room\n\n${`${'x'.repeat(70)}\n`.repeat(500)}` })
    const id = /as (\w+)/.exec(message ?? '')?.[1] ?? ''
    for (const user of ['jo', 'kim']) await arrived(theirs(user), 'room')
    const trace = async () => (await site.run('trace', id)).out
    await eventually(trace, /deferred .*<small@port\.there\.example> Quota exceeded/)
    await writeDovecotUsers(folder, { ...users, small: '10M' })
    await isEmpty()
    for (const user of ['jo', 'small', 'kim']) await arrived(theirs(user), 'room')
    await eventually(trace, /delivered .*small@port\.there\.example/)
  })
})

describe.runIf(runs)(runs ? 'Dovecot with STARTTLS' : `${dovecot.title} (as root)`, () => {
  const certificates = new OpensslCertificates()
  let folder: string
  let store: DovecotLmtp
  let site: SendingSite

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailwright-lmtp-'))
    const port = await freePort()
    const authority = certificates.make({ subject: 'authority', isAuthority: true })
    const certificate = certificates.make({ subject: 'one', names: ['localhost'], issuer: authority })
    store = await startDovecotLmtp(folder, { port, users: { jo: '10M' }, certificate })
    site = await startSendingSite({
      transports: {
        'name.there.example': { to: 'lmtp', host: 'localhost', port },
        'address.there.example': { to: 'lmtp', host: '127.0.0.1', port },
      },
      lmtp: { tls: 'encrypt', tlsFor: { localhost: 'verify' } },
      authority: authority.pem,
    })
  })
  afterAll(async () => {
    await site?.[Symbol.asyncDispose]()
    await store?.[Symbol.asyncDispose]()
    certificates.remove()
    await rm(folder, { recursive: true, force: true })
  })

  test.each(['name.there.example', 'address.there.example'])('mail for %s goes under TLS', async (domain) => {
    const to = [`<jo@${domain}>`]
    await sendLetter(site.port, { from: '<ben@here.example>', to, text: `Subject: for ${domain}\n\nx\n` })
    const message = await arrived(() => store.mailbox('jo'), `for ${domain}`)
    expect(message).toMatch(/^\tby store\.there\.example with LMTPS\n/m)
  })
})
