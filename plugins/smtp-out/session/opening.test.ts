import { systemClock } from 'mailwright'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTestAuthority } from '../../../test/support/acme/acme-ca.ts'
import { type HostScript, startSmtpHost } from '../../../test/support/smtp/smtp-host.ts'
import { parseOptions } from '../options.ts'
import { HostFailure } from '../outcome.ts'
import { ClientTls } from '../security/client-tls.ts'
import type { SecuritySession, TlsRequirement } from '../security/requirement.ts'
import { openSession } from './opening.ts'

let keys: { readonly key: string; readonly cert: string }
let stack = new AsyncDisposableStack()
beforeAll(async () => {
  keys = await (await createTestAuthority()).serverKeys('mx.there.example')
})
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})
afterAll(() => stack.disposeAsync())

const may: TlsRequirement = { level: 'may', names: [], source: 'default' }
const encrypt: TlsRequirement = { ...may, level: 'encrypt', source: 'config' }
const unusable = { usage: 1, selector: 1, matchingType: 1, data: Buffer.alloc(32) }

/** What is told of a session with a host, for reports; and whether there is one. */
async function open(
  script: HostScript,
  requirement: TlsRequirement,
  signal = new AbortController().signal,
): Promise<{ readonly told: readonly SecuritySession[]; readonly failure: unknown }> {
  const { port } = stack.use(await startSmtpHost(script))
  const told: SecuritySession[] = []
  const settings = {
    clock: systemClock,
    timeouts: parseOptions({}).timeouts,
    tls: new ClientTls({ authorities: undefined, clock: systemClock }),
    observe: (session: SecuritySession) => void told.push(session),
  }
  const target = {
    domain: 'there.example',
    candidate: { host: 'mx.there.example', port, secure: true },
    requirement,
    implicitTls: false,
    login: undefined,
    certificate: undefined,
    identity: { hostname: 'here.example', ipv4: undefined, ipv6: undefined },
  }
  const failure = await openSession(target, '127.0.0.1', settings, { signal }).then(
    ({ connection }) => connection.destroy(),
    (error: unknown) => error,
  )
  return { told, failure }
}

const startTlsIs = (answer: string): HostScript => ({
  extensions: ['STARTTLS'],
  answer: (command) => (command === 'STARTTLS' ? answer : undefined),
})

test.each<[string, HostScript, TlsRequirement, string]>([
  ['refused for now, where it is a must', startTlsIs('454 4.7.0 no'), encrypt, 'starttls-not-supported'],
  ['refused for good, where it is a must', startTlsIs('554 5.7.0 no'), encrypt, 'starttls-not-supported'],
  ['refused with the whole session', startTlsIs('421 4.3.0 no'), encrypt, 'validation-failure'],
  ['the end of the connection', startTlsIs('close'), may, 'validation-failure'],
  ['answered with more than was asked for', startTlsIs('220 go\r\nmore'), may, 'validation-failure'],
])('STARTTLS that is %s counts as a session that failed', async (_, script, requirement, result) => {
  const { told, failure } = await open(script, requirement)
  expect(failure).toBeInstanceOf(HostFailure)
  expect(told).toMatchObject([{ domain: 'there.example', requirement, failure: { result } }])
})

test('a host that closes instead of TLS says nothing of it, and the mail waits', async () => {
  const { failure } = await open(startTlsIs('421 4.3.2 no'), encrypt)
  expect(failure).toMatchObject({ outcome: { kind: 'deferred', concerns: 'destination' } })
  expect(failure).not.toHaveProperty('outcome.cause')
})

test('STARTTLS that is refused, where it is welcome, counts as one that failed, and the mail goes in clear', async () => {
  const { told, failure } = await open(startTlsIs('454 4.7.0 no'), may)
  expect(failure).toBeUndefined()
  expect(told).toMatchObject([{ failure: { result: 'starttls-not-supported' } }])
})

test('a host that ends the connection with the handshake counts once, as one that failed', async () => {
  const script: HostScript = {
    keys,
    answer: (command, { isSecure }) => (isSecure && command.startsWith('EHLO') ? 'close' : undefined),
  }
  const { told } = await open(script, encrypt)
  expect(told).toMatchObject([{ failure: { result: 'validation-failure' } }])
})

test('a delivery that is given up at STARTTLS counts as nothing', async () => {
  const end = new AbortController()
  const script: HostScript = {
    extensions: ['STARTTLS'],
    answer(command) {
      if (command !== 'STARTTLS') return undefined
      end.abort()
      return ''
    },
  }
  const { told, failure } = await open(script, encrypt, end.signal)
  expect(failure).toBeInstanceOf(HostFailure)
  expect(told).toEqual([])
})

test('TLS with a host whose TLSA records cannot be used is told of as that', async () => {
  const requirement: TlsRequirement = { ...may, level: 'encrypt', tlsa: [unusable], source: 'dane' }
  const { told, failure } = await open({ keys }, requirement)
  expect(failure).toBeUndefined()
  expect(told).toMatchObject([{ requirement, failure: { result: 'tlsa-invalid' } }])
})

test('TLS as it was demanded is told of once, without a failure', async () => {
  const { told } = await open({ keys }, encrypt)
  expect(told).toHaveLength(1)
  expect(told[0]).not.toHaveProperty('failure')
})
