import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import queue from 'mailwright/plugins/queue'
import relay from 'mailwright/plugins/relay'
import smtpOut from 'mailwright/plugins/smtp-out'
import { createTestHost, fakeResolver } from 'mailwright/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTestAuthority } from '../support/acme/acme-ca.ts'
import { freePort } from '../support/free-port.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { type RunningPostfix, startPostfix } from '../support/peers/postfix.ts'
import { startSmtpSink } from '../support/peers/smtp-sink.ts'
import { oneHost, startSender, told } from '../support/smtp/smtp-sending.ts'

// Postfix takes what we send, and smtp-sink does what servers should not.

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const source = requirePeer('smtp-source')
const postfixPeer = requirePeer('postmap')
const runs = postfixPeer.available && process.getuid?.() === 0

describe.runIf(source.available)(source.available ? 'smtp-sink' : source.title, () => {
  const commands = ['connect', 'mail', 'rcpt', 'data', '.']

  test.each([[[]], [['-p']], [['-e']], [['-E']], [['-8', '-N']]])('with %j takes it', async (options) => {
    const sink = stack.use(await startSmtpSink(options))
    const sender = stack.use(await startSender({ port: sink.port }))
    const text = `Subject: sunk\n\n.\n${'0123456789'.repeat(20_000)}\n`
    expect(told((await sender.send({ text }))[0])).toMatch(/^delivered /)
    const [message = ''] = await sink.messages()
    expect(message).toContain('X-Rcpt-Args: <jo@there.example>')
    expect(message).toContain('\n.\n0123456789')
  })

  test.each(
    commands.flatMap((command) => [
      ['-q', command, 'deferred'],
      ['-Q', command, 'deferred'],
      ['-r', command, 'deferred'],
      ['-f', command, command === 'connect' ? 'deferred' : 'failed'],
    ]),
  )('%s %s: %s', async (option, command, kind) => {
    const sink = stack.use(await startSmtpSink([option, command]))
    const sender = stack.use(await startSender({ port: sink.port }))
    const outcomes = await sender.send({ to: ['jo@there.example', 'anna@there.example'] })
    expect(outcomes.map((outcome) => outcome.kind)).toEqual([kind, kind])
  })

  test('one that is slow and reads little', async () => {
    const sink = stack.use(await startSmtpSink(['-H', '1', '-T', '1024', '-w', '1']))
    const sender = stack.use(await startSender({ port: sink.port }))
    const text = `Subject: slow\n\n${`${'x'.repeat(70)}\n`.repeat(3_000)}`
    expect(told((await sender.send({ text }))[0])).toMatch(/^delivered /)
    expect(await sink.messages()).toHaveLength(1)
  })

  test('one that refuses after DATA and reads no more', async () => {
    const sink = stack.use(await startSmtpSink(['-A', '0']))
    const sender = stack.use(await startSender({ port: sink.port }))
    const text = `Subject: aborted\n\n${`${'x'.repeat(70)}\n`.repeat(30_000)}`
    expect((await sender.send({ text }))[0]?.kind).not.toBe('delivered')
  })

  test('many at once, each once', async () => {
    const sink = stack.use(await startSmtpSink([]))
    const sender = stack.use(await startSender({ port: sink.port, connections: { perHost: 10 } }))
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) => sender.send({ text: `Subject: n${index}\n\nx\n` })),
    )
    expect(outcomes.flat().filter(({ kind }) => kind === 'delivered')).toHaveLength(200)
    const subjects = (await sink.messages()).map((message) => /^Subject: (.*)$/m.exec(message)?.[1])
    expect(new Set(subjects).size).toBe(200)
    expect(subjects).toHaveLength(200)
  })
})

describe.runIf(runs)(runs ? 'a Postfix that takes our mail' : `${postfixPeer.title} (as root)`, () => {
  let folder: string
  let postfix: RunningPostfix
  let port: number
  let authorities: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailwright-out-'))
    await chmod(folder, 0o711)
    port = await freePort()
    const authority = await createTestAuthority()
    const keys = await authority.serverKeys('mx.there.example')
    authorities = join(folder, 'authority.pem')
    await writeFile(authorities, authority.certificate)
    postfix = await startPostfix(folder, {
      main: [
        'myhostname = mx.there.example',
        'mydestination =',
        'virtual_mailbox_domains = there.example',
        'virtual_mailbox_maps = inline:{ {jo@there.example = jo}, {jö@there.example = joe}, {anna@there.example = anna} }',
        `virtual_mailbox_base = ${folder}/mail`,
        'virtual_uid_maps = static:65534',
        'virtual_gid_maps = static:65534',
        'virtual_minimum_uid = 1',
        'smtpd_tls_security_level = may',
        `smtpd_tls_chain_files = ${folder}/etc/keys.pem`,
        'smtputf8_enable = yes',
        'message_size_limit = 2000000',
        'mailbox_size_limit = 0',
        'virtual_mailbox_limit = 0',
        'smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination',
        'smtpd_relay_restrictions = reject_unauth_destination',
        'smtpd_reject_unlisted_recipient = yes',
      ],
      services: [`127.0.0.1:${port} inet n - n - - smtpd`],
      files: { 'keys.pem': `${keys.key}${keys.cert}` },
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

  test('under verified TLS, with DSN passed on', async () => {
    const sender = stack.use(await startSender({ port, authorities, tlsFor: { 'there.example': 'verify' } }))
    const [outcome] = await sender.send({
      text: 'From: a@here.example\nSubject: to postfix\n\n.\n..\nFrom here\n',
      parameters: { ret: 'HDRS', envelopeId: 'id+1' },
      recipientParameters: { notify: ['FAILURE'] },
    })
    expect(told(outcome)).toMatch(
      /^delivered mx\.there\.example\[127\.0\.0\.1\]:\d+ said 250 2\.0\.0 Ok: queued as \w+, TLSv1\.3 \S+ verified \(config\)$/,
    )
    expect(outcome).toMatchObject({ reached: 'passed-on' })
    await expect.poll(() => mailbox('jo'), { timeout: 20_000 }).toContain('Subject: to postfix')
    expect(await mailbox('jo')).toMatch(/\n\n\.\n\.\.\n>?From here\n/)
  })

  test('with SMTPUTF8', async () => {
    const sender = stack.use(await startSender({ port }))
    const [outcome] = await sender.send({
      to: 'jö@there.example',
      text: 'From: a@here.example\nSubject: grüße\n\nüber\n',
      parameters: { smtpUtf8: true, body: '8BITMIME' },
    })
    expect(told(outcome)).toMatch(/^delivered /)
    await expect.poll(() => mailbox('joe'), { timeout: 20_000 }).toContain('Subject: grüße')
  })

  test('what it refuses has its words', async () => {
    const sender = stack.use(await startSender({ port }))
    const outcomes = await sender.send({ to: ['anna@there.example', 'nobody@there.example'] })
    expect(outcomes).toMatchObject([
      { kind: 'delivered' },
      { kind: 'failed', cause: 'no-such-address', reply: { code: 550, enhanced: '5.1.1' } },
    ])
    const large = await sender.send({ text: `Subject: x\n\n${`${'x'.repeat(70)}\n`.repeat(40_000)}` })
    expect(large).toMatchObject([{ kind: 'failed', reply: { enhanced: '5.3.4' } }])
  })

  test('a whole way: a client, relay, the queue, smtp-out, Postfix; and the history has its words', async () => {
    const host = stack.use(
      await createTestHost({
        hostname: 'mx.here.example',
        resolver: fakeResolver(oneHost),
        plugins: [
          memoryAccounts(),
          memoryStore(),
          relay({ networks: ['192.0.2.0/24'] }),
          smtpOut({ port, addresses: 'ipv4' }),
          queue(),
        ],
      }),
    )
    const answers = await host.send({
      from: 'a@here.example',
      to: ['jo@there.example'],
      data: 'From: a@here.example\nSubject: whole way\n\nx\n',
    })
    expect(answers).toMatchObject([{ reply: { code: 250 } }])
    await expect.poll(() => mailbox('jo'), { timeout: 20_000 }).toContain('Subject: whole way')
    const find = async () => (await host.history()).find(({ verb }) => verb === 'delivered')?.text
    await expect
      .poll(find)
      .toMatch(
        /^mx\.there\.example\[127\.0\.0\.1\]:\d+ said 250 2\.0\.0 Ok: queued as \w+, TLSv1\.3 \S+ unverified$/,
      )
  })
})
