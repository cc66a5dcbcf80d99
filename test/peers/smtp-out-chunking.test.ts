import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bufferContent, createMessage, type Message } from 'mailwright'
import type { SmtpOutInput } from 'mailwright/plugins/smtp-out'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTestAuthority } from '../support/acme/acme-ca.ts'
import { freePort } from '../support/free-port.ts'
import type { ForeignMailServer } from '../support/mail-server.ts'
import { startExim } from '../support/peers/exim.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { type RunningPostfix, startPostfix } from '../support/peers/postfix.ts'
import { requireMachinePeer } from '../support/peers/unpacked-machine.ts'
import { answering, type HostScript } from '../support/smtp/smtp-host.ts'
import { messageOf, type SendingPair, startPair, startSender, told } from '../support/smtp/smtp-sending.ts'
import { startSmtpServer } from '../support/smtp/smtp-server.ts'

// Messages by BDAT (RFC 3030): to hosts of the test, to our own listener, and to Postfix.

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const extensions = ['PIPELINING', '8BITMIME', 'SIZE', 'CHUNKING']
const chunking = { chunking: true }
const nl = '\r\n'
const everyOctet = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)).toString('latin1')
const smuggled = '\n.\nMAIL FROM:<evil@here.example>\r\n.\r\n\n.\r\n\r.\r'

function withHost(script: HostScript = {}, options: SmtpOutInput = chunking): Promise<SendingPair> {
  return startPair(stack, { extensions, ...script }, options)
}

function octets(text: string): Promise<Message> {
  return createMessage(bufferContent(Buffer.from(text, 'latin1')))
}

describe('a message in chunks', () => {
  test('goes when the recipients were taken, without DATA, and nothing of it is doubled', async () => {
    const { host, sender } = await withHost()
    const outcomes = await sender.send({
      to: ['jo@there.example', 'anna@there.example'],
      text: 'Subject: x\n\n.dot\n.\n',
    })
    expect(told(outcomes[0])).toMatch(/^delivered .* said 250 2\.0\.0 queued as M1, in clear$/)
    expect(host.said.slice(1)).toEqual([
      'MAIL FROM:<a@here.example> SIZE=23',
      'RCPT TO:<jo@there.example>',
      'RCPT TO:<anna@there.example>',
      'BDAT 23 LAST',
      'Subject: x\r\n\r\n.dot\r\n.\r\n',
    ])
  })

  test.each([
    ['where the host does not offer it', ['PIPELINING', '8BITMIME'], chunking],
    ['where nobody has asked for it', extensions, {}],
  ])('no: %s', async (_, offered, options) => {
    const { host, sender } = await withHost({ extensions: offered }, options)
    expect(told((await sender.send())[0])).toMatch(/^delivered/)
    expect(host.said).toContain('DATA')
  })

  test('one that is long goes in pieces, each of which is answered', async () => {
    const { host, sender } = await withHost()
    const text = `Subject: x\n\n${`${'x'.repeat(70)}\n`.repeat(20_000)}`
    expect(told((await sender.send({ text }))[0])).toMatch(/^delivered/)
    const sizes = host.said.flatMap((line) => /^BDAT (\d+)(?: LAST)?$/.exec(line)?.[1] ?? [])
    expect(sizes.length).toBeGreaterThan(1)
    expect(sizes.reduce((sum, size) => sum + Number(size), 0)).toBe(host.messages[0]?.length)
    expect(host.messages).toEqual([text.replaceAll('\n', nl)])
  })

  test.each([
    ['RCPT', '550 5.1.1 no'],
    ['MAIL', '550 5.7.1 no'],
  ])('is given to nobody where %s was refused', async (command, answer) => {
    const { host, sender } = await withHost(answering({ [command]: answer }))
    expect(await sender.send()).toMatchObject([{ kind: 'failed' }])
    expect(host.said.some((line) => line.startsWith('BDAT'))).toBe(false)
  })

  test.each([
    ['554 5.7.1 spam', 'failed'],
    ['451 4.3.0 later', 'deferred'],
    ['354 more', 'deferred'],
    ['hello', 'deferred'],
  ])('answered with %s, and then taken back', async (answer, kind) => {
    const { host, sender } = await withHost({ behindDot: () => answer })
    expect(await sender.send()).toMatchObject([{ kind, concerns: expect.stringMatching(/message/) }])
    if (/^(?:554|451)/.test(answer)) await expect.poll(() => host.said.at(-1)).toBe('RSET')
    else await expect.poll(() => host.open).toBe(0)
    expect(host.messages).toHaveLength(1)
  })

  test('has lines that end with CRLF, whatever it was', async () => {
    const { host, sender } = await withHost()
    await sender.send({ message: await octets(`Subject: x${nl}${nl}a${smuggled}b`) })
    expect(host.messages[0]).not.toMatch(/[^\r]\n|\r[^\n]/)
    expect(host.messages[0]?.endsWith(`b${nl}`)).toBe(true)
    expect(host.connections).toBe(1)
  })
})

describe('a binary message (RFC 3030 §3)', () => {
  const head = `From: a@here.example${nl}MIME-Version: 1.0${nl}Content-Type: multipart/mixed; boundary=b${nl}Content-Transfer-Encoding: binary${nl}${nl}`
  const part = `Content-Type: application/octet-stream${nl}Content-Transfer-Encoding: binary${nl}${nl}`
  const binary = `${head}--b${nl}${nl}.dot${nl}--b${nl}${part}${everyOctet}${smuggled}${nl}--b--${nl}`
  const parameters = { body: 'BINARYMIME' } as const

  test('goes as it is to a host that takes it, and nothing else would do', async () => {
    const { host, sender } = await withHost({ extensions: [...extensions, 'BINARYMIME'] }, {})
    expect(told((await sender.send({ message: await octets(binary), parameters }))[0])).toMatch(/^delivered/)
    expect(host.said[1]).toBe(`MAIL FROM:<a@here.example> SIZE=${binary.length} BODY=BINARYMIME`)
    expect(host.said[3]).toBe(`BDAT ${binary.length} LAST`)
    expect(host.messages).toEqual([binary])
  })

  test.each([[extensions], [['8BITMIME']], [['BINARYMIME']], [[]]])(
    'is made text for one with %j',
    async (offered) => {
      const { host, sender } = await withHost({ extensions: offered }, {})
      expect(told((await sender.send({ message: await octets(binary), parameters }))[0])).toMatch(
        /^delivered/,
      )
      expect(host.said[1]).not.toContain('BODY=')
      const [message = ''] = host.messages
      expect(message).not.toMatch(/[\0\x80-\xff]|[^\r]\n|\r[^\n]/)
      const [, encoded = ''] = /Encoding: base64\r\n\r\n([\s\S]*?)\r\n--b--/.exec(message) ?? []
      expect(Buffer.from(encoded, 'base64').toString('latin1')).toBe(`${everyOctet}${smuggled}`)
    },
  )

  test('has failed where that would break a signature', async () => {
    const signed = `Content-Type: multipart/signed; boundary=s${nl}${nl}--s${nl}${binary}${nl}--s--${nl}`
    const { host, sender } = await withHost({}, {})
    expect(await sender.send({ message: await octets(signed), parameters })).toMatchObject([
      { kind: 'failed', reply: { enhanced: '5.6.3' } },
    ])
    expect(host.messages).toEqual([])
  })
})

describe('our own listener', () => {
  test.each([chunking, {}])('takes it with %j, once, as it was', async (options) => {
    const server = await startSmtpServer({ options: { lookupClientName: false } })
    stack.defer(() => server.stop())
    const sender = stack.use(await startSender({ port: server.port, ...options }))
    const text = `Subject: x\n\n.dot\n.\n${`${'x'.repeat(70)}\n`.repeat(30_000)}`
    const [outcome] = await sender.send({ text })
    expect(told(outcome)).toMatch(/^delivered .* said 250 2\.0\.0 .*TLSv1\.3 \S+ unverified$/)
    expect(server.taken.map(({ octets: taken }) => taken.toString())).toEqual([text.replaceAll('\n', nl)])
  })

  test('takes a binary one, and refuses one that is none of lines', async () => {
    const server = await startSmtpServer({
      options: { lookupClientName: false },
      transfer: { binaryMime: true },
    })
    stack.defer(() => server.stop())
    const sender = stack.use(await startSender({ port: server.port }))
    const binary = `MIME-Version: 1.0${nl}Content-Type: image/png${nl}Content-Transfer-Encoding: binary${nl}${nl}${everyOctet}`
    const parameters = { body: 'BINARYMIME' } as const
    expect(told((await sender.send({ message: await octets(binary), parameters }))[0])).toMatch(/^delivered/)
    const [, encoded = ''] =
      /base64\r\n\r\n([\s\S]*)$/.exec(server.taken[0]?.octets.toString('latin1') ?? '') ?? []
    expect(Buffer.from(encoded, 'base64').toString('latin1')).toBe(everyOctet)
    const bad = await octets(`Subject: x${nl}${nl}a\nb\0`)
    expect(await sender.send({ message: bad, parameters })).toMatchObject([
      { kind: 'failed', reply: { code: 554 } },
    ])
    // The connection is of use: what was refused was taken back.
    expect(told((await sender.send())[0])).toMatch(/^delivered/)
  })
})

const eximPeer = requireMachinePeer('exim')

describe.runIf(eximPeer.available)(eximPeer.title, () => {
  let folder: string
  let exim: ForeignMailServer

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailwright-exim-'))
    await chmod(folder, 0o711)
    const authority = await createTestAuthority()
    const { key, cert: pem } = await authority.serverKeys('mx.there.example')
    const [port, peerPort] = [await freePort(), await freePort()]
    exim = await startExim(eximPeer, folder, {
      port,
      peerPort,
      keys: { key, pem },
      authority: authority.certificate,
    })
  })
  afterAll(async () => {
    await exim?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('takes small and large ones, and refuses what it should', async () => {
    const sender = stack.use(await startSender({ port: exim.port, ...chunking }))
    const lines = `${'0123456789'.repeat(7)}\n`.repeat(30_000)
    const small = await sender.send({ text: 'From: a@here.example\nSubject: small\n\n.\n..\nend\n' })
    expect(told(small[0])).toMatch(/^delivered /)
    const large = await messageOf(`From: a@here.example\nSubject: large\n\n${lines}`)
    const to = ['kim@there.example', 'banned@there.example']
    expect(await sender.send({ to, message: large })).toMatchObject([
      { kind: 'delivered' },
      { kind: 'failed', reply: { code: 550 } },
    ])
    expect(await sender.send({ to: 'banned@there.example' })).toMatchObject([{ kind: 'failed' }])
    const text = 'From: a@here.example\nSubject: unwanted\n\nx\n'
    expect(await sender.send({ text })).toMatchObject([{ kind: 'failed', concerns: 'message' }])
    await expect.poll(async () => (await exim.mailbox('jo')).length, { timeout: 20_000 }).toBe(1)
    await expect.poll(async () => (await exim.mailbox('kim')).length, { timeout: 20_000 }).toBe(1)
    expect(await exim.mailbox('jo')).toEqual([
      expect.stringMatching(/Subject: small\n[\s\S]*\n\.\n\.\.\nend\n$/),
    ])
    expect((await exim.mailbox('kim'))[0]?.endsWith(`\n\n${lines}`)).toBe(true)
    // K: CHUNKING.
    expect((await exim.log()).match(/ <= a@here\.example .* K /g)).toHaveLength(2)
  })
})

const peer = requirePeer('postmap')
const runs = peer.available && process.getuid?.() === 0

describe.runIf(runs)(runs ? 'Postfix' : `${peer.title} (as root)`, () => {
  let folder: string
  let postfix: RunningPostfix
  let port: number

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailwright-chunks-'))
    await chmod(folder, 0o711)
    port = await freePort()
    postfix = await startPostfix(folder, {
      main: [
        'myhostname = mx.there.example',
        'mydestination =',
        'virtual_mailbox_domains = there.example',
        'virtual_mailbox_maps = inline:{ {jo@there.example = jo}, {anna@there.example = anna} }',
        `virtual_mailbox_base = ${folder}/mail`,
        'virtual_uid_maps = static:65534',
        'virtual_gid_maps = static:65534',
        'virtual_minimum_uid = 1',
        'message_size_limit = 20000000',
        'virtual_mailbox_limit = 0',
        'smtpd_relay_restrictions = reject_unauth_destination',
      ],
      services: [`127.0.0.1:${port} inet n - n - - smtpd`],
      files: {},
    })
    await postfix.run('mkdir', ['-m', '777', join(folder, 'mail')])
  })

  afterAll(async () => {
    await postfix?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  function mailbox(name: string): Promise<string> {
    return readFile(join(folder, 'mail', name), 'utf8').catch(() => '')
  }

  test('takes small and large ones over one connection, and refuses what it should', async () => {
    const sender = stack.use(await startSender({ port, ...chunking }))
    const lines = `${'0123456789'.repeat(7)}\n`.repeat(30_000)
    expect(
      told((await sender.send({ text: 'From: a@here.example\nSubject: small\n\n.\n..\nend\n' }))[0]),
    ).toMatch(/^delivered .* said 250 2\.0\.0 Ok: \d+ bytes queued as \w+/)
    const large = await messageOf(`From: a@here.example\nSubject: large\n\n${lines}`)
    const outcomes = await sender.send({ to: ['anna@there.example', 'nobody@there.example'], message: large })
    expect(outcomes).toMatchObject([{ kind: 'delivered' }, { kind: 'failed', reply: { enhanced: '5.1.1' } }])
    expect(await sender.send({ to: 'nobody@there.example' })).toMatchObject([{ kind: 'failed' }])
    await expect
      .poll(() => mailbox('jo'), { timeout: 20_000 })
      .toMatch(/\nSubject: small\n[\s\S]*\n\n\.\n\.\.\nend\n/)
    await expect.poll(async () => (await mailbox('anna')).includes(lines), { timeout: 20_000 }).toBe(true)
    const sessions = (await postfix.log()).match(/: connect from/g) ?? []
    expect(sessions).toHaveLength(1)
  })
})
