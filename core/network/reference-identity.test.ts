import type { PeerCertificate } from 'node:tls'
import { expect, test } from 'vitest'
import { isFor } from './reference-identity.ts'

test.each([
  ['DNS:mx.example.org', 'mx.example.org', true],
  ['DNS:mx.example.org', 'MX.example.org', true],
  ['DNS:mx.example.org', '.example.org', true],
  ['DNS:a.mx.example.org', '.example.org', false],
  ['DNS:example.org', '.example.org', false],
  ['DNS:*.example.org', '.example.org', true],
  ['DNS:*.example.org', 'mx.example.org', true],
  ['DNS:evilexample.org', '.example.org', false],
  ['DNS:other.example, DNS:mx.example.org', 'mx.example.org', true],
  ['IP Address:192.0.2.1', '192.0.2.1', true],
  ['IP Address:192.0.2.1', '192.0.2.2', false],
  ['', '.example.org', false],
])('%s is for %s: %s', (subjectaltname, name, expected) => {
  const certificate = { subject: { CN: '' }, subjectaltname } as unknown as PeerCertificate
  expect(isFor(certificate, ['other.test', name])).toBe(expected)
})
