import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import type { ClientCertificate, TlsFacts } from 'mailwright'
import { type GenerateResult, generate } from 'selfsigned'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'
import { tlsWireTo, type Wire, wireTo } from '../support/wire.ts'

interface Client {
  readonly key: string
  readonly cert: string
}

let folder: string
let authorities: string
let known: Client
let stranger: Client
let server: SmtpServer
const wires: Wire[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-client-certificates-'))
  authorities = join(folder, 'authorities.pem')
  const authority = await made('An Authority')
  await writeFile(authorities, `An authority\n${authority.cert}\n${(await made('Another')).cert}`)
  const ca = { key: authority.private, cert: authority.cert }
  known = client(await generate(relay, { ...kind, ca }))
  stranger = client(await made('stranger.example'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server.stop()
})

const relay = [
  { name: 'organizationName', value: 'Example' },
  { name: 'commonName', value: 'relay.example' },
]
const kind = { keyType: 'ec', algorithm: 'sha256' } as const

function made(name: string): Promise<GenerateResult> {
  const isAuthority = { name: 'basicConstraints', cA: true, critical: true } as const
  return generate([{ name: 'commonName', value: name }], { ...kind, extensions: [isAuthority] })
}

function client({ private: key, cert }: GenerateResult): Client {
  return { key, cert }
}

function fingerprint({ cert }: Client): string {
  return createHash('sha256').update(new X509Certificate(cert).raw).digest('hex')
}

async function asking(more: { clientCertificateAuthorities?: string } = {}): Promise<void> {
  server = await startSmtpServer({ options: { clientCertificates: 'ask', ...more } })
}

/** What the session says of its client after STARTTLS, in its hooks, and in the history. */
async function shown(options: object): Promise<ClientCertificate | undefined> {
  const wire = wireTo(server.port)
  wires.push(wire)
  await wire.line()
  await wire.ask('STARTTLS')
  const secure = await wire.secure(options)
  wires.push(secure)
  await secure.send('EHLO client.example\r\n').until('250 ')
  await secure.ask('MAIL FROM:<>')
  await secure.ask('RCPT TO:<b@example.org>')
  await secure.ask('DATA')
  await secure.send('Subject: x\r\n\r\n.\r\n').until('250 2.0.0 ')
  const entries = await server.history()
  const facts = entries.findLast(({ verb }) => verb === 'secured')?.facts as TlsFacts | undefined
  expect(server.taken.at(-1)?.transaction.session.tls).toEqual(facts)
  return facts?.clientCertificate
}

test('a client without a certificate is as welcome as one with', async () => {
  await asking()
  expect(await shown({})).toBeUndefined()
})

test('one of a named authority is verified, any other is not; both go into session and history', async () => {
  await asking({ clientCertificateAuthorities: authorities })
  expect(await shown(known)).toEqual({
    fingerprint256: fingerprint(known),
    subject: 'O=Example, CN=relay.example',
    verified: true,
  })
  expect(await shown(stranger)).toEqual({
    fingerprint256: fingerprint(stranger),
    subject: 'CN=stranger.example',
    verified: false,
  })
})

test('where no authorities are named, nobody who signs himself is verified', async () => {
  await asking()
  expect(await shown(stranger)).toMatchObject({ fingerprint256: fingerprint(stranger), verified: false })
  expect(await shown(known)).toMatchObject({ verified: false })
})

test('nobody is asked where the option does not say so', async () => {
  server = await startSmtpServer()
  expect(await shown(known)).toBeUndefined()
})

test('TLS from the first octet', async () => {
  await asking({ clientCertificateAuthorities: authorities })
  const wire = await tlsWireTo(server.tlsPort, known)
  wires.push(wire)
  await wire.line()
  const connected = (await server.history()).find(({ verb }) => verb === 'connected')
  expect(connected?.facts?.tls).toMatchObject({
    clientCertificate: { fingerprint256: fingerprint(known), verified: true },
  })
})

test.each(['TLSv1.2', 'TLSv1.3'] as const)('a session that is resumed (%s) has it again', async (version) => {
  await asking({ clientCertificateAuthorities: authorities })
  const versions = { minVersion: version, maxVersion: version }
  const first = await tlsWireTo(server.tlsPort, { ...known, ...versions })
  wires.push(first)
  const ticket = new Promise<Buffer>((resolve) => first.socket.once('session', resolve))
  await first.line()
  const session = version === 'TLSv1.2' ? sessionOf(first) : await ticket
  const second = await tlsWireTo(server.tlsPort, { ...versions, ...(session && { session }) })
  wires.push(second)
  await second.line()
  expect((second.socket as TLSSocket).isSessionReused()).toBe(true)
  const facts = (await server.history())
    .filter(({ verb }) => verb === 'connected')
    .map((one) => one.facts?.tls)
  expect(facts[0]).toMatchObject({ clientCertificate: { verified: true } })
  expect(facts[1]).toEqual(facts[0])
})

function sessionOf(wire: Wire): Buffer | undefined {
  return (wire.socket as TLSSocket).getSession()
}

test('a file of authorities that is none keeps the listener from starting', async () => {
  await asking()
  const broken = join(folder, 'broken.pem')
  await writeFile(broken, '-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n')
  for (const [file, problem] of [
    [join(folder, 'absent.pem'), /absent\.pem: ENOENT/],
    [broken, /broken\.pem: /],
    ['/dev/null', /\/dev\/null: there is no certificate in PEM form in it/],
  ] as const) {
    const options = { clientCertificates: 'ask', clientCertificateAuthorities: file } as const
    await expect(startSmtpServer({ options })).rejects.toMatchObject({
      cause: { code: 'MAIL_E_INVALID', message: expect.stringMatching(problem) },
    })
  }
})
