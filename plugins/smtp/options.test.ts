import { expect, test } from 'vitest'
import { faultsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

const faults = (input: unknown) => faultsOf(parseOptions, input)

test('a transfer listener where nothing is said', () => {
  expect(parseOptions({})).toMatchObject({
    role: 'transfer',
    host: '127.0.0.1',
    port: 2525,
    auth: false,
    tls: 'offered',
    dropBcc: false,
    maxSize: 25 * 1024 * 1024,
    lineEnds: 'refuse',
    timeouts: { command: 300_000, dataBlock: 180_000, message: 3_600_000 },
  })
})

test('submission has its own defaults', () => {
  expect(parseOptions({ role: 'submission' })).toMatchObject({
    port: 2587,
    auth: true,
    dropBcc: true,
    allowPlaintextAuth: false,
  })
})

test('sizes and durations as texts', () => {
  expect(parseOptions({ maxSize: '10M', timeouts: { command: '90s' } })).toMatchObject({
    maxSize: 10 * 1024 * 1024,
    timeouts: { command: 90_000, dataBlock: 180_000 },
  })
})

test('a Unix socket stands instead of host and port', () => {
  expect(parseOptions({ role: 'lmtp', path: '/run/mail/lmtp', mode: '0660' })).toMatchObject({
    path: '/run/mail/lmtp',
    mode: 0o660,
  })
  expect(parseOptions({ path: '/run/mail/smtp' }).mode).toBe(0o600)
  expect(faults({ path: '/run/mail/smtp', port: 25 })).toEqual([
    'path: stands instead of host and port, not beside them',
  ])
  expect(faults({ path: 'smtp', host: '::1' })).toEqual(['path: must be an absolute path'])
  expect(faults({ path: `/run/${'x'.repeat(86)}` })).toEqual([
    "path: must be of at most 90 octets, as a Unix socket's path",
  ])
  expect(faults({ path: '/run/mail/smtp', mode: '0o660' })).toEqual([
    'mode: must be octal digits such as "0660", not "0o660"',
  ])
  expect(faults({ mode: '0660' })).toEqual(['mode: is for a Unix socket: there is no path'])
})

test('all faults are told, with their paths', () => {
  expect(
    faults({ role: 'relay', maxRecipients: 10, maxSize: '1k', banner: 'a\nb', timeouts: { comand: '1m' } }),
  ).toEqual([
    expect.stringMatching(/^role: must be one of "transfer", "submission"/),
    expect.stringMatching(/^maxSize: must be a size .* from 65536/),
    expect.stringMatching(/^maxRecipients: must be a whole number from 100/),
    expect.stringMatching(/^banner: must be up to 200 printable ASCII characters/),
    'timeouts.comand: is not an option here',
  ])
})

test('what does not go together', () => {
  expect(faults({ auth: true })).toEqual(['auth: is for submission: a transfer listener has no users'])
  expect(faults({ role: 'lmtp', auth: true })).toEqual([
    'auth: is for submission: an LMTP listener has no users',
  ])
  expect(faults({ implicitTls: true, tls: 'none' })).toEqual(['tls: cannot be "none" with implicitTls'])
  expect(faults({ role: 'submission', tls: 'none' })).toEqual([
    'tls: cannot be "none" where users log in, but for allowPlaintextAuth: true',
  ])
  expect(faults({ role: 'submission', tls: 'none', allowPlaintextAuth: true })).toEqual([])
  expect(faults({ clientCertificates: 'ask', tls: 'none' })).toEqual([
    'clientCertificates: cannot be "ask" where there is no TLS',
  ])
  expect(faults({ clientCertificateAuthorities: '/etc/ssl/authorities.pem' })).toEqual([
    'clientCertificateAuthorities: is for clientCertificates: "ask"',
  ])
})

test('Bcc is dropped from what users send alone', () => {
  expect(parseOptions({ role: 'submission', dropBcc: false }).dropBcc).toBe(false)
  expect(faults({ dropBcc: true })).toEqual([
    'dropBcc: is for submission: what comes from other servers is not changed',
  ])
})
