import type { Account, ClientCertificate, SessionRole } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { type Client, groundOf } from './grounds.ts'
import { parseOptions } from './options.ts'

const jo: Account = { id: 'jo', address: { localPart: 'jo', domain: 'example.org' } }
const shown: ClientCertificate = {
  fingerprint256: 'ab'.repeat(32),
  subject: 'CN=relay.example',
  verified: true,
}

function client(more: Partial<Client> & { certificate?: ClientCertificate } = {}): Client {
  const { certificate, ...rest } = more
  const tls =
    certificate === undefined
      ? undefined
      : { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', clientCertificate: certificate }
  return {
    role: 'transfer',
    remote: { address: '192.0.2.10', port: 1 },
    tls,
    account: undefined,
    ownClient: undefined,
    ...rest,
  }
}

const from = (address: string) => client({ remote: { address, port: 1 } })

describe('without options', () => {
  test('a login is the only ground', () => {
    expect(groundOf(client({ role: 'submission', account: jo }), parseOptions({}))).toBe(
      'relay for an authenticated user',
    )
    for (const stranger of [client(), client({ role: 'submission' }), from('127.0.0.1'), from('::1')])
      expect(groundOf(stranger, parseOptions({}))).toBeUndefined()
    expect(groundOf(client({ certificate: shown }), parseOptions({}))).toBeUndefined()
  })
})

describe('networks', () => {
  const options = parseOptions({ networks: ['192.0.2.0/28', '2001:db8::/32'] })

  test.each([
    ['192.0.2.10', true],
    ['::ffff:192.0.2.10', true],
    ['192.0.2.16', false],
    ['2001:db8:1::1', true],
    ['2001:db9::1', false],
    ['/run/mail.sock', false],
    ['', false],
  ])('%s: %s', (address, expected) => {
    expect(groundOf(from(address), options) !== undefined).toBe(expected)
  })

  test.each<SessionRole>(['lmtp', 'pop3', 'imap', 'http', 'managesieve'])('are no ground for %s', (role) => {
    expect(groundOf({ ...client(), role }, options)).toBeUndefined()
  })
})

describe('programs of this machine', () => {
  test('may send anywhere, unless an option says no', () => {
    const program = client({ role: 'local', remote: { address: 'local', port: 0 } })
    expect(groundOf(program, parseOptions({}))).toBe('relay for a program of this machine')
    const networks = ['0.0.0.0/0', '::/0']
    expect(groundOf(program, parseOptions({ local: false, networks }))).toBeUndefined()
  })
})

describe('accounts', () => {
  test.each([
    [['jo@example.org'], true],
    [['@example.org'], true],
    [['anna@example.org', '@example.net'], false],
    [[], false],
  ])('%j: %s', (accounts, expected) => {
    const found = groundOf(client({ role: 'submission', account: jo }), parseOptions({ accounts }))
    expect(found !== undefined).toBe(expected)
  })
})

describe('certificates', () => {
  const unverified = { ...shown, verified: false }
  const other = { ...shown, fingerprint256: 'cd'.repeat(32) }

  test.each([
    [{ fingerprints: ['AB'.repeat(32)] }, unverified, true],
    [{ fingerprints: ['AB'.repeat(32)] }, other, false],
    [{ subjects: ['CN=relay.example'] }, shown, true],
    [{ subjects: ['CN=relay.example'] }, unverified, false],
    [{ subjects: ['CN=relay'] }, shown, false],
    [{ anyVerified: true }, other, true],
    [{ anyVerified: true }, unverified, false],
    [{ anyVerified: true }, undefined, false],
  ])('%j: %j, %s', (clientCertificates, certificate, expected) => {
    const seen = client(certificate === undefined ? {} : { certificate })
    expect(groundOf(seen, parseOptions({ clientCertificates })) !== undefined).toBe(expected)
  })
})
