import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RelayInput, SmtpOutInput } from 'mailwright/plugins/smtp-out'
import type { FakeRecords } from 'mailwright/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createTestAuthority, type TestAuthority } from '../support/acme/acme-ca.ts'
import { answering, type HostScript, startSmtpHost } from '../support/smtp/smtp-host.ts'
import { type SendingPair, startPair, startSender, told } from '../support/smtp/smtp-sending.ts'

// TLS with hosts that have it, and with those that have it in a strange way; and logging in.

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

let folder: string
let authority: TestAuthority
let authorities: string
let keys: { readonly key: string; readonly cert: string }
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-tls-'))
  authority = await createTestAuthority()
  authorities = join(folder, 'authorities.pem')
  await writeFile(authorities, authority.certificate)
  keys = await authority.serverKeys('mx.there.example')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function withHost(script: HostScript, options: SmtpOutInput = {}): Promise<SendingPair> {
  return startPair(stack, script, options)
}

const secured = /^delivered mx\.there\.example\[127\.0\.0\.1\]:\d+ said 250 2\.0\.0 queued as M1, /

describe('STARTTLS', () => {
  test('is used where it is offered, whatever the certificate, and EHLO said again', async () => {
    const { host, sender } = await withHost({ keys })
    expect(told((await sender.send())[0])).toMatch(new RegExp(`${secured.source}TLSv1\\.3 \\S+ unverified$`))
    expect(host.said.slice(0, 3)).toEqual(['EHLO mx.here.example', 'STARTTLS', 'EHLO mx.here.example'])
  })

  test('a host that proves itself is said to have done so', async () => {
    const { sender } = await withHost({ keys }, { authorities })
    expect(told((await sender.send())[0])).toMatch(new RegExp(`${secured.source}TLSv1\\.3 \\S+ verified$`))
  })

  test('what was demanded and fulfilled is named', async () => {
    const { sender } = await withHost({ keys }, { authorities, tlsFor: { 'there.example': 'verify' } })
    expect(told((await sender.send())[0])).toMatch(/TLSv1\.3 \S+ verified \(config\)$/)
  })

  test.each([
    ['not offered', 'encrypt', {}, '4.7.4', 'STARTTLS'],
    ['of nobody known', 'verify', {}, '4.7.5', 'is not trusted'],
    [
      'for another host',
      { level: 'verify', names: ['mx.other.example'] },
      { authorities: true },
      '4.7.5',
      'is not for',
    ],
    [
      'for another domain',
      { level: 'verify', names: ['.other.example'] },
      { authorities: true },
      '4.7.5',
      'is not for',
    ],
  ] as const)('%s: the mail waits', async (what, rule, given, enhanced, text) => {
    const script = what === 'not offered' ? {} : { keys }
    const { host, sender } = await withHost(script, {
      tlsFor: { 'there.example': rule },
      ...('authorities' in given ? { authorities } : {}),
    })
    const [outcome] = await sender.send()
    expect(outcome).toMatchObject({
      kind: 'deferred',
      cause: 'tls',
      concerns: 'destination',
      reply: { enhanced },
    })
    expect(told(outcome)).toContain(text)
    expect(host.said.some((line) => line.startsWith('MAIL'))).toBe(false)
  })

  test('names may be those of a domain', async () => {
    const rule = { level: 'verify', names: ['.there.example'] } as const
    const { sender } = await withHost({ keys }, { authorities, tlsFor: { '.example': rule } })
    expect(told((await sender.send())[0])).toMatch(secured)
  })

  test.each([
    [
      'is refused',
      { keys, answer: (command: string) => (command === 'STARTTLS' ? '454 4.7.0 no' : undefined) },
      1,
    ],
    [
      'goes wrong',
      {
        extensions: ['STARTTLS'],
        answer: (command: string) => (command === 'STARTTLS' ? '220 go\r\nno TLS' : undefined),
      },
      2,
    ],
    [
      'ends',
      {
        extensions: ['STARTTLS'],
        answer: (command: string, { connection }: { connection: number }) =>
          command !== 'STARTTLS' ? undefined : connection === 1 ? 'close' : undefined,
      },
      1,
    ],
  ])('where it %s', async (what, script, connections) => {
    const { host, sender } = await withHost(script)
    const outcome = told((await sender.send())[0])
    if (what === 'is refused') expect(outcome).toMatch(/in clear$/)
    else expect(outcome).toMatch(/^deferred 451 4\.(5\.0|4\.2)/)
    expect(host.connections).toBeLessThanOrEqual(connections)
  })

  test('a handshake that fails is followed by a connection in clear, where TLS is only welcome', async () => {
    // It offers TLS, and goes on in clear.
    const script: HostScript = { extensions: ['STARTTLS', 'SIZE'], speaksNoTls: true }
    const { host, sender } = await withHost(script)
    expect(told((await sender.send())[0])).toMatch(/in clear$/)
    expect(host.connections).toBe(2)
    expect(host.said.filter((line) => line === 'STARTTLS')).toHaveLength(1)
    const strict = await withHost(script, { tls: 'encrypt' })
    const [outcome] = await strict.sender.send()
    expect(outcome).toMatchObject({ kind: 'deferred', cause: 'tls', reply: { enhanced: '4.7.5' } })
    expect(told(outcome)).toMatch(/wrong version number|packet length|handshake/i)
    expect(strict.host.connections).toBe(1)
  })

  test('a host that ends the connection with the handshake is spoken to in clear', async () => {
    const script: HostScript = {
      keys,
      answer: (command, { isSecure }) => (isSecure && command.startsWith('EHLO') ? 'close' : undefined),
    }
    const { host, sender } = await withHost(script)
    expect(told((await sender.send())[0])).toMatch(/in clear$/)
    expect(host.connections).toBe(2)
    const strict = await withHost(script, { tls: 'encrypt' })
    expect(await strict.sender.send()).toMatchObject([{ kind: 'deferred', reply: { enhanced: '4.7.5' } }])
  })

  test.each([
    ['may', /TLSv1\.3 \S+ verified$/, 1],
    ['verify', /TLSv1\.3 \S+ verified \(config\)$/, 0],
  ] as const)(
    'level %s: whoever has to prove himself does so each time',
    async (level, security, resumed) => {
      const options = { authorities, tlsFor: { 'there.example': level }, connections: { idleTime: 0 } }
      const { host, sender } = await withHost({ keys }, options)
      for (let count = 0; count < 3; count++) expect(told((await sender.send())[0])).toMatch(security)
      expect(host.connections).toBe(3)
      expect(Math.min(host.resumed, 1)).toBe(resumed)
    },
  )

  test('what stands in clear behind the answer to STARTTLS is never taken for what the host says', async () => {
    const { host, sender } = await withHost({
      keys,
      answer: (command) => (command === 'STARTTLS' ? '220 go on\r\n250 injected' : undefined),
    })
    expect(told((await sender.send())[0])).toMatch(/^deferred 451 4\.5\.0/)
    expect(host.messages).toEqual([])
  })

  test('none: not even where it is offered', async () => {
    const { host, sender } = await withHost({ keys }, { tls: 'none' })
    expect(told((await sender.send())[0])).toMatch(/in clear$/)
    expect(host.said).not.toContain('STARTTLS')
  })
})

describe('what a message wants (RFC 8689)', () => {
  const zones = {
    'there.example': { mx: [{ preference: 10, exchange: 'mx.there.example' }], secure: true },
    'mx.there.example': { a: ['127.0.0.1'], secure: true },
  }
  const parameters = { requireTls: true }

  async function send(extensions: readonly string[], given = zones, options: SmtpOutInput = { authorities }) {
    const host = stack.use(await startSmtpHost({ keys, extensions }))
    const sender = stack.use(await startSender({ port: host.port, ...options }, given))
    return { outcome: (await sender.send({ parameters }))[0], host }
  }

  test('REQUIRETLS goes to a host that proves itself and promises the same', async () => {
    const { outcome, host } = await send(['REQUIRETLS'])
    expect(told(outcome)).toMatch(/TLSv1\.3 \S+ verified \(require-tls\)$/)
    expect(host.said).toContain('MAIL FROM:<a@here.example> REQUIRETLS')
  })

  test('to nobody else', async () => {
    const failed = { kind: 'failed', reply: { code: 550, enhanced: '5.7.30' } }
    expect((await send([])).outcome).toMatchObject(failed)
    const unencrypted = { kind: 'failed', reply: { code: 550, enhanced: '5.7.10' } }
    expect((await send(['REQUIRETLS'], zones, {})).outcome).toMatchObject(unencrypted)
    const unsure = { ...zones, 'there.example': { ...zones['there.example'], secure: false } }
    expect((await send(['REQUIRETLS'], unsure)).outcome).toMatchObject(failed)
  })

  test('what is no refusal of TLS defers it: a host that closes, a certificate of ours that cannot be read', async () => {
    const none = { cert: '/none/cert.pem', key: '/none/key.pem' }
    const clientCertificates = { 'there.example': none }
    const { outcome } = await send(['REQUIRETLS'], zones, { authorities, clientCertificates })
    expect(told(outcome)).toMatch(/^deferred 451 4\.7\.5 .*\/none\//)
    const host = stack.use(await startSmtpHost({ keys, ...answering({ STARTTLS: '421 4.3.2 closing' }) }))
    const sender = stack.use(await startSender({ port: host.port, authorities }, zones))
    expect(told((await sender.send({ parameters }))[0])).toBe('deferred 421 4.3.2 closing')
  })

  test.each([['454 4.7.0 no TLS now'], ['554 5.7.0 no TLS']])(
    'a host that answers STARTTLS with %s is quoted with its own words',
    async (answer) => {
      const script = { keys, answer: (command: string) => (command === 'STARTTLS' ? answer : undefined) }
      const host = stack.use(await startSmtpHost(script))
      const sender = stack.use(await startSender({ port: host.port, authorities }, zones))
      const [outcome] = await sender.send({ parameters })
      expect(outcome).toMatchObject({ place: `mx.there.example[127.0.0.1]:${host.port}`, cause: 'tls' })
      expect(told(outcome)).toBe(`failed 550 5.7.10 ${answer}`)
      const [other] = await sender.send()
      expect(told(other)).not.toMatch(/^failed/)
    },
  )
})

describe('DANE (RFC 7672)', () => {
  /** The digest of a certificate's key, as a record `3 1 1` has it. */
  function keyDigest(certificate: string): Buffer {
    const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
    return createHash('sha256').update(key).digest()
  }

  async function send(
    script: HostScript,
    records: (name: string) => FakeRecords,
    text = 'Subject: x\n\nx\n',
  ) {
    const host = stack.use(await startSmtpHost(script))
    const name = `_${host.port}._tcp.mx.there.example`
    const sender = stack.use(
      await startSender(
        { port: host.port },
        {
          'there.example': { mx: [{ preference: 10, exchange: 'mx.there.example' }], secure: true },
          'mx.there.example': { a: ['127.0.0.1'], secure: true },
          [name]: records(name),
        },
      ),
    )
    return (await sender.send({ text }))[0]
  }
  const record = (data: Buffer): FakeRecords => {
    return { tlsa: [{ usage: 3, selector: 1, matchingType: 1, data }], secure: true }
  }

  test('a host that has the key is known, whoever signed its certificate', async () => {
    const outcome = await send({ keys }, () => record(keyDigest(keys.cert)))
    expect(told(outcome)).toMatch(/TLSv1\.3 \S+ verified \(dane\)$/)
  })

  test.each([
    ['has another key', () => ({ keys }), '4.7.5'],
    ['offers no TLS', () => ({}), '4.7.4'],
  ])('a host that %s gets nothing', async (_, script, enhanced) => {
    expect(await send(script(), () => record(Buffer.alloc(32)))).toMatchObject({
      kind: 'deferred',
      cause: 'tls',
      reply: { enhanced },
    })
  })

  test('records that cannot be asked for are not passed over', async () => {
    expect(await send({ keys }, () => ({ failure: 'SERVFAIL' }))).toMatchObject({
      kind: 'deferred',
      reply: { enhanced: '4.4.3' },
    })
  })

  test('TLS-Required: No passes over them', async () => {
    const text = 'TLS-Required: No\nSubject: x\n\nx\n'
    expect(told(await send({}, () => record(Buffer.alloc(32)), text))).toMatch(/in clear$/)
  })
})

describe('a relay host', () => {
  async function through(script: HostScript, relay: Partial<RelayInput> = {}) {
    const host = stack.use(await startSmtpHost(script))
    const sender = stack.use(
      await startSender({
        authorities,
        relay: { host: 'mx.there.example', port: host.port, user: 'me', password: 'secret', ...relay },
      }),
    )
    return { host, sender }
  }
  const accepting: HostScript['answer'] = (command) =>
    command.startsWith('AUTH') ? '235 2.7.0 welcome' : undefined
  const offering = (mechanisms: string) => ({ keys, extensions: [`AUTH ${mechanisms}`] })

  test('takes all mail, after a login under TLS', async () => {
    const { host, sender } = await through({ ...offering('LOGIN PLAIN'), answer: accepting })
    expect(told((await sender.send({ to: 'x@elsewhere.example' }))[0])).toMatch(
      /TLSv1\.3 \S+ verified \(config\)$/,
    )
    expect(host.said.slice(2, 4)).toEqual([
      'EHLO mx.here.example',
      `AUTH PLAIN ${Buffer.from('\0me\0secret').toString('base64')}`,
    ])
  })

  test('under TLS from the first octet', async () => {
    const { host, sender } = await through(
      { ...offering('PLAIN'), implicitTls: true, answer: accepting },
      { implicitTls: true },
    )
    expect(told((await sender.send())[0])).toMatch(/TLSv1\.3 \S+ verified \(config\)$/)
    expect(host.said).not.toContain('STARTTLS')
  })

  test('by LOGIN', async () => {
    const words: string[] = []
    const { host, sender } = await through({
      ...offering('LOGIN'),
      answer(command) {
        const decoded = Buffer.from(command, 'base64').toString()
        if (command.startsWith('AUTH')) return '334 VXNlcm5hbWU6'
        if (decoded !== 'me' && decoded !== 'secret') return undefined
        words.push(decoded)
        return decoded === 'me' ? '334 UGFzc3dvcmQ6' : '235 2.7.0 welcome'
      },
    })
    expect((await sender.send())[0]?.kind).toBe('delivered')
    expect(host.said).toContain('AUTH LOGIN')
    expect(words).toEqual(['me', 'secret'])
  })

  test('by a token in a file', async () => {
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, 'ya29.token\n')
    const host = stack.use(await startSmtpHost({ ...offering('XOAUTH2 PLAIN'), answer: accepting }))
    const relay = { host: 'mx.there.example', port: host.port, user: 'me', tokenFile }
    const sender = stack.use(await startSender({ authorities, relay }))
    expect((await sender.send())[0]?.kind).toBe('delivered')
    const [, word = ''] =
      /^AUTH XOAUTH2 (.*)$/.exec(host.said.find((line) => line.startsWith('AUTH')) ?? '') ?? []
    expect(Buffer.from(word, 'base64').toString()).toBe('user=me\x01auth=Bearer ya29.token\x01\x01')
  })

  test.each([
    ['a wrong password', '535 5.7.8 no', '4.7.0'],
    ['a login for later', '454 4.7.0 later', '4.7.0'],
  ])('%s: the mail waits', async (_, answer, enhanced) => {
    const { sender } = await through({
      ...offering('PLAIN'),
      answer: (command) => (command.startsWith('AUTH') ? answer : undefined),
    })
    expect(await sender.send()).toMatchObject([
      { kind: 'deferred', cause: 'policy', concerns: 'destination', reply: { enhanced } },
    ])
  })

  test('without TLS nobody logs in, unless the config says so and the host is this machine', async () => {
    const script = { extensions: ['AUTH PLAIN LOGIN'], answer: accepting }
    const strict = await through(script)
    expect(await strict.sender.send()).toMatchObject([{ kind: 'deferred', reply: { enhanced: '4.7.4' } }])
    expect(strict.host.said.some((line) => line.startsWith('AUTH'))).toBe(false)
    const { sender } = await through(script, { tls: 'may' })
    expect(told((await sender.send())[0])).toMatch(/in clear$/)
  })

  test('one by sender, none for a domain', async () => {
    const general = stack.use(await startSmtpHost({ greeting: '220 general' }))
    const special = stack.use(await startSmtpHost({ greeting: '220 special' }))
    const direct = stack.use(await startSmtpHost({ greeting: '220 direct' }))
    const sender = stack.use(
      await startSender({
        port: direct.port,
        relays: [
          { to: ['there.example'], direct: true },
          { from: ['@news.example'], host: '127.0.0.1', port: special.port },
        ],
        relay: { host: '127.0.0.1', port: general.port },
      }),
    )
    await sender.send({ to: 'x@else.example' })
    await sender.send({ to: 'x@else.example', from: 'list@news.example' })
    await sender.send()
    await sender.send({ nextHop: `127.0.0.1:${special.port}` })
    expect([general, special, direct].map(({ messages }) => messages.length)).toEqual([1, 2, 1])
  })
})
