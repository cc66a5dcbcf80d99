import type { ChildProcess } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientCertificate, TlsFacts } from 'mailwright'
import type { OwnCertificateInput, SmtpOutInput } from 'mailwright/plugins/smtp-out'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTestAuthority, type TestAuthority } from '../support/acme/acme-ca.ts'
import { freePort } from '../support/free-port.ts'
import { ended, listening } from '../support/mail-server.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { type RunningPostfix, startPostfix } from '../support/peers/postfix.ts'
import { requireMachinePeer, unpackedMachine } from '../support/peers/unpacked-machine.ts'
import { type HostScript, startSmtpHost } from '../support/smtp/smtp-host.ts'
import { startSender, told } from '../support/smtp/smtp-sending.ts'
import { login, password, type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'

// Who we are to other hosts: by a certificate, and by a login that is tied to its connection.

let stack = new AsyncDisposableStack()
let folder: string
let authority: TestAuthority
let authorities: string
/** Ours, in files. */
let own: OwnCertificateInput

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-own-'))
  await chmod(folder, 0o711)
  authority = await createTestAuthority()
  authorities = join(folder, 'authorities.pem')
  await writeFile(authorities, authority.certificate)
  own = { cert: join(folder, 'own.pem'), key: join(folder, 'own.key') }
  await renew()
})
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Puts a new certificate in the place of ours; answers its fingerprint. */
async function renew(): Promise<string> {
  const { key, cert } = await authority.serverKeys('mx.here.example')
  await writeFile(own.cert, cert)
  await writeFile(own.key, key)
  return createHash('sha256').update(new X509Certificate(cert).raw).digest('hex')
}

async function asking(): Promise<SmtpServer> {
  const server = await startSmtpServer({
    options: {
      lookupClientName: false,
      clientCertificates: 'ask',
      clientCertificateAuthorities: authorities,
    },
  })
  stack.defer(() => server.stop())
  return server
}

async function shown(server: SmtpServer): Promise<readonly (ClientCertificate | undefined)[]> {
  const secured = (await server.history()).filter(({ verb }) => verb === 'secured')
  return secured.map(({ facts }) => (facts as unknown as TlsFacts).clientCertificate)
}

describe('a certificate of ours', () => {
  test('is shown to the hosts of the domains that are to see it, as it is now, and to no others', async () => {
    const server = await asking()
    const zones = {
      'there.example': { mx: [{ preference: 10, exchange: 'mx.there.example' }] },
      'elsewhere.example': { mx: [{ preference: 10, exchange: 'mx.there.example' }] },
      'mx.there.example': { a: ['127.0.0.1'] },
    }
    const options = { clientCertificates: { 'there.example': own }, connections: { idleTime: 0 } }
    const sender = stack.use(await startSender({ port: server.port, ...options }, zones))
    const prints: string[] = []
    for (let count = 0; count < 2; count++) {
      prints.push(await renew())
      expect(told((await sender.send())[0])).toMatch(/^delivered/)
    }
    expect(told((await sender.send({ to: 'jo@elsewhere.example' }))[0])).toMatch(/^delivered/)
    expect(await shown(server)).toEqual([
      expect.objectContaining({ fingerprint256: prints[0], verified: true }),
      expect.objectContaining({ fingerprint256: prints[1], verified: true }),
      undefined,
    ])
  })

  test('keeps its connections apart from those of mail that does not show it', async () => {
    const server = await asking()
    const relays = [
      {
        to: ['there.example'],
        host: '127.0.0.1',
        port: server.port,
        clientCertificate: own,
        tls: 'encrypt' as const,
      },
    ]
    const sender = stack.use(
      await startSender({ relays, relay: { host: '127.0.0.1', port: server.port, tls: 'encrypt' } }),
    )
    for (const to of ['jo@there.example', 'jo@elsewhere.example', 'anna@there.example'])
      expect(told((await sender.send({ to }))[0])).toMatch(/^delivered/)
    expect((await shown(server)).map((one) => one !== undefined)).toEqual([true, false])
  })

  test.each([
    ['is not there', async (files: OwnCertificateInput) => rm(files.cert)],
    ['is none', async (files: OwnCertificateInput) => writeFile(files.cert, 'hello')],
    [
      'has another key',
      async (files: OwnCertificateInput) =>
        writeFile(files.key, (await authority.serverKeys('x.example')).key),
    ],
  ])('that %s: the mail waits, and does not go without', async (_, spoil) => {
    const server = await asking()
    await renew()
    await spoil(own)
    const options = { clientCertificates: { '.example': own } }
    const sender = stack.use(await startSender({ port: server.port, ...options }))
    const [outcome] = await sender.send()
    expect(outcome).toMatchObject({
      kind: 'deferred',
      cause: 'tls',
      concerns: 'destination',
      reply: { enhanced: '4.7.5' },
    })
    expect(told(outcome)).toContain(own.cert)
    expect(server.taken).toEqual([])
    await renew()
    expect(told((await sender.send())[0])).toMatch(/^delivered/)
  })

  test('is nothing for a host without TLS, which gets no mail', async () => {
    const host = stack.use(await startSmtpHost())
    const sender = stack.use(
      await startSender({ port: host.port, clientCertificates: { 'there.example': own } }),
    )
    expect(await sender.send()).toMatchObject([{ kind: 'deferred', reply: { enhanced: '4.7.4' } }])
    expect(host.messages).toEqual([])
  })
})

describe('a relay host that knows us by a certificate', () => {
  async function through(script: HostScript, user?: string) {
    const keys = await authority.serverKeys('mx.there.example')
    const host = stack.use(await startSmtpHost({ keys, ...script }))
    const relay = {
      host: 'mx.there.example',
      port: host.port,
      clientCertificate: own,
      ...(user === undefined ? {} : { user }),
    }
    const sender = stack.use(await startSender({ authorities, relay }))
    return { host, outcome: told((await sender.send())[0]) }
  }
  const answer: HostScript['answer'] = (command) =>
    command.startsWith('AUTH') ? '235 2.7.0 welcome' : undefined

  test.each([
    [undefined, 'AUTH EXTERNAL ='],
    ['me', `AUTH EXTERNAL ${Buffer.from('me').toString('base64')}`],
  ])('logs us in by EXTERNAL where it offers it, as %s', async (user, command) => {
    const { host, outcome } = await through({ extensions: ['AUTH PLAIN EXTERNAL'], answer }, user)
    expect(outcome).toMatch(/^delivered .* verified \(config\)$/)
    expect(host.said.filter((line) => line.startsWith('AUTH'))).toEqual([command])
  })

  test('takes it without a login where it has none', async () => {
    const { host, outcome } = await through({ extensions: ['AUTH PLAIN'] })
    expect(outcome).toMatch(/^delivered/)
    expect(host.said.filter((line) => line.startsWith('AUTH'))).toEqual([])
  })

  test.each([
    [{ extensions: ['AUTH PLAIN'] }, 'me', 'no way to log in'],
    [
      {
        extensions: ['AUTH EXTERNAL'],
        answer: (said: string) => (said.startsWith('AUTH') ? '535 5.7.8 no' : undefined),
      },
      undefined,
      '535',
    ],
  ])('or not: the mail waits (%#)', async (script, user, text) => {
    const { host, outcome } = await through(script, user)
    expect(outcome).toMatch(/^deferred 451 4\.7\.0/)
    expect(outcome).toContain(text)
    expect(host.messages).toEqual([])
  })
})

describe('a login that is tied to its connection', () => {
  async function mechanisms(
    relay: Partial<SmtpOutInput['relay'] & object> = {},
  ): Promise<readonly unknown[]> {
    const server = await startSmtpServer({ options: { lookupClientName: false } })
    stack.defer(() => server.stop())
    const target = { host: '127.0.0.1', port: server.submissionPort, user: login, tls: 'encrypt' as const }
    const sender = stack.use(await startSender({ relay: { ...target, password, ...relay } }))
    const [outcome] = await sender.send({ from: login })
    const entries = (await server.history()).filter(
      ({ verb }) => verb === 'logged-in' || verb === 'login-failed',
    )
    return [outcome?.kind, ...entries.map(({ verb, facts }) => `${verb} ${facts?.mechanism}`)]
  }

  test('by our own listener, which proves itself', async () => {
    expect(await mechanisms()).toEqual(['delivered', 'logged-in SCRAM-SHA-256-PLUS'])
  })

  test('under TLS from the first octet', async () => {
    const server = await startSmtpServer({ options: { lookupClientName: false } })
    stack.defer(() => server.stop())
    const relay = {
      host: '127.0.0.1',
      port: server.tlsPort,
      user: login,
      password,
      implicitTls: true,
      tls: 'encrypt' as const,
    }
    const sender = stack.use(await startSender({ relay }))
    expect(told((await sender.send({ from: login }))[0])).toMatch(/^delivered/)
  })

  test('with a wrong password it fails, and the mail waits', async () => {
    expect(await mechanisms({ password: 'wrong' })).toEqual(['deferred', 'login-failed SCRAM-SHA-256-PLUS'])
  })
})

const eximPeer = requireMachinePeer('exim')

describe.runIf(eximPeer.available)(eximPeer.title, () => {
  let exim: ChildProcess
  let port: number
  let place: (path: string) => string

  beforeAll(async () => {
    port = await freePort()
    await renew()
    const keys = await authority.serverKeys('mx.there.example')
    const machine = await unpackedMachine(eximPeer, join(folder, 'exim'), {
      users: ['Debian-exim'],
      hosts: ['mx.there.example'],
      files: {
        '/etc/exim4/exim4.conf': eximConfig,
        '/etc/exim4/keys.pem': `${keys.key}${keys.cert}`,
        '/etc/exim4/authority.pem': authority.certificate,
      },
      folders: { '/var/spool/exim4': 'Debian-exim', '/var/log/exim4': 'Debian-exim' },
    })
    place = machine.place
    exim = machine.start('/usr/sbin/exim4', ['-bdf', '-oX', `${port}`])
    await listening(exim, port, async () => '')
  })
  afterAll(() => exim && ended(exim))

  test.each([
    ['mx.here.example', /^delivered .* verified \(config\)$/],
    ['somebody.else.example', /^deferred 451 4\.7\.0 .*535/],
  ])('logs us in by EXTERNAL as %s, or not', async (user, expected) => {
    const relay = { host: 'mx.there.example', port, user, clientCertificate: own }
    const sender = stack.use(await startSender({ authorities, relay }))
    expect(told((await sender.send({ to: 'x@far.example' }))[0])).toMatch(expected)
    const log = await readFile(place('/var/log/exim4/mainlog'), 'utf8')
    expect(log.includes(`A=external:${user}`)).toBe(user === 'mx.here.example')
  })
})

const eximConfig = `primary_hostname = mx.there.example
local_interfaces = 127.0.0.1
keep_environment =
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%slog
tls_advertise_hosts = *
tls_certificate = /etc/exim4/keys.pem
tls_privatekey = /etc/exim4/keys.pem
tls_verify_certificates = /etc/exim4/authority.pem
tls_try_verify_hosts = *
acl_smtp_rcpt = recipient

begin acl
recipient:
  accept authenticated = *
  deny   message = relay not permitted

begin routers
all:
  driver = redirect
  data = :blackhole:

begin authenticators
external:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = \${if eq{$tls_in_certificate_verified}{1}}
  server_param2 = \${certextract{subj_altname,dns,>:}{$tls_in_peercert}}
  server_condition = \${if forany{$auth2}{eq{$item}{$auth1}}}
  server_set_id = $auth1
`

const peer = requirePeer('postmap')
const runs = peer.available && process.getuid?.() === 0

describe.runIf(runs)(runs ? 'Postfix' : `${peer.title} (as root)`, () => {
  let postfix: RunningPostfix
  let port: number

  beforeAll(async () => {
    port = await freePort()
    const print = (await renew()).match(/../g)?.join(':').toUpperCase() ?? ''
    const keys = await authority.serverKeys('mx.there.example')
    postfix = await startPostfix(folder, {
      main: [
        'myhostname = mx.there.example',
        'mydestination =',
        'smtpd_tls_security_level = may',
        `smtpd_tls_chain_files = ${folder}/etc/keys.pem`,
        `smtpd_tls_CAfile = ${folder}/etc/authorities.pem`,
        'smtpd_tls_ask_ccert = yes',
        'smtpd_tls_fingerprint_digest = sha256',
        `relay_clientcerts = inline:{ {${print} = known} }`,
        'smtpd_relay_restrictions = permit_tls_clientcerts, reject_unauth_destination',
        'default_transport = discard',
      ],
      services: [`127.0.0.1:${port} inet n - n - - smtpd`, 'discard unix - - n - - discard'],
      files: { 'keys.pem': `${keys.key}${keys.cert}`, 'authorities.pem': authority.certificate },
    })
  })
  afterAll(() => postfix?.stop())

  test('relays for whom it knows by the certificate, and for nobody else', async () => {
    const relay = { host: 'mx.there.example', port }
    const known = stack.use(await startSender({ authorities, relay: { ...relay, clientCertificate: own } }))
    expect(told((await known.send({ to: 'x@far.example' }))[0])).toMatch(
      /^delivered .* queued as \w+, TLSv1\.3 \S+ verified \(config\)$/,
    )
    const unknown = stack.use(await startSender({ authorities, relay }))
    expect(await unknown.send({ to: 'x@far.example' })).toMatchObject([
      { kind: 'failed', reply: { enhanced: '5.7.1' } },
    ])
  })
})
