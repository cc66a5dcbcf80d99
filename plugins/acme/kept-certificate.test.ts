import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { KeptCertificate } from './kept-certificate.ts'
import { type AcmeInput, parseOptions } from './options.ts'
import { withFailure } from './renewal-times.ts'

const now = Date.UTC(2026, 0, 1)
const secret = { keyId: 'customer-7', hmacKey: 'c2VjcmV0' }
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-kept-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

function kept(changed: Partial<AcmeInput> = {}): KeptCertificate {
  const options = parseOptions({
    agreeToTerms: true,
    certificates: [{ names: ['mx.example.org'] }],
    externalAccount: secret,
    ...changed,
  })
  const [wanted] = options.certificates
  if (wanted === undefined) throw new Error('one is wanted')
  return new KeptCertificate(folder, wanted, options)
}

async function fail(certificate: KeptCertificate): Promise<void> {
  const record = await certificate.record(now)
  await certificate.noteFailure(withFailure(record, 'no', undefined, { now, random: () => 0.5 }))
}

describe('a failure', () => {
  test.each<[string, Partial<AcmeInput>]>([
    ['directory', { directory: 'https://ca.example/' }],
    ['directoryCa', { directoryCa: '/etc/ca.pem' }],
    ['contact', { contact: ['postmaster@example.org'] }],
    ['keyId', { externalAccount: { ...secret, keyId: 'customer-8' } }],
    ['hmacKey', { externalAccount: { ...secret, hmacKey: 'c2VjcmV1' } }],
    ['challenge', { challenge: 'tls-alpn-01' }],
    ['host', { host: '127.0.0.1' }],
    ['port', { port: 8080 }],
    ['webroot', { webroot: '/var/www/html' }],
    ['names', { certificates: [{ names: ['mx.example.org', 'imap.example.org'] }] }],
    ['keyType', { certificates: [{ names: ['mx.example.org'], keyType: 'rsa-2048' }] }],
  ])('holds up nobody who has changed %s', async (_option, changed) => {
    await fail(kept())
    expect(await kept().record(now)).toMatchObject({ failures: 1, retryAt: expect.any(Number) })
    const other = await kept(changed).record(now)
    expect(other).toMatchObject({ failures: 0 })
    expect(other.retryAt).toBeUndefined()
  })

  test('of each of two configs is kept: neither takes the wait from the other', async () => {
    const [one, other] = [kept(), kept({ port: 8080 })]
    for (let attempt = 0; attempt < 3; attempt++) await fail(one)
    const { retryAt } = await one.record(now)
    await fail(other)
    await other.note({ ...(await other.record(now)), askAt: now })
    expect(await one.record(now)).toMatchObject({ failures: 3, retryAt })
    expect(await other.record(now)).toMatchObject({ failures: 1 })
  })
})
