import { expect, test } from 'vitest'
import { faultsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

const faults = (input: unknown) => faultsOf(parseOptions, input)

const least = { agreeToTerms: true, certificates: [{ names: ['MX.Example'] }] }

test('defaults', () => {
  const options = parseOptions(least)
  expect(options).toMatchObject({
    certificates: [{ names: ['mx.example'], keyType: 'ecdsa-p256' }],
    contact: [],
    challenge: 'http-01',
    host: '0.0.0.0',
    port: 80,
    webroot: undefined,
  })
  expect(options.directory.protocol).toBe('https:')
  expect(parseOptions({ ...least, challenge: 'tls-alpn-01' }).port).toBe(443)
  const names = ['bü.example', 'xn--b-eha.example', 'a.example']
  const [wanted] = parseOptions({ ...least, certificates: [{ names }] }).certificates
  expect(wanted?.names).toEqual(['xn--b-eha.example', 'a.example'])
})

test.each([
  [
    {},
    [
      "agreeToTerms: must be true, once you have read and accept the authority's terms of service",
      'certificates: is empty: name what is wanted',
    ],
  ],
  [
    { ...least, agreeToTerms: 'yes' },
    [
      'agreeToTerms: must be true or false, not "yes"',
      expect.stringMatching(/^agreeToTerms: must be true, once/),
    ],
  ],
  [{ ...least, directory: 'http://localhost/directory' }, ['directory: must be a URL with https']],
  [
    { ...least, contact: ['me', 'a@b?c'] },
    ['contact: "me" is not a mail address', 'contact: "a@b?c" is not a mail address'],
  ],
  [
    { ...least, certificates: [{ names: [] }] },
    ['certificates[0].names: is empty: a certificate is for one name at least'],
  ],
  [
    { ...least, certificates: [{ names: ['*.example.org', '192.0.2.1', '../x', 'a b'] }] },
    [
      'certificates[0].names: "*.example.org": wildcards need a challenge in the DNS, which is not there',
      'certificates[0].names: "192.0.2.1" is not a host name',
      'certificates[0].names: "../x" is not a host name',
      'certificates[0].names: "a b" is not a host name',
    ],
  ],
  [
    { ...least, certificates: [{ names: ['a.example'] }, { names: ['A.example', 'b.example'] }] },
    ['certificates: two certificates begin with the name a.example'],
  ],
  [
    { ...least, certificates: [{ names: ['a.example'], keyType: 'dsa' }] },
    [expect.stringMatching(/^certificates\[0\]\.keyType: /)],
  ],
  [
    { ...least, externalAccount: { keyId: 'a', hmacKey: 'no key!' } },
    [expect.stringMatching(/^externalAccount\.hmacKey: must be a key in base64url/)],
  ],
  [
    { ...least, challenge: 'tls-alpn-01', webroot: '/var/www' },
    ['webroot: is for the challenge "http-01" only'],
  ],
  [
    { ...least, port: 80, webroot: '/var/www' },
    ['port: cannot stand beside `webroot`: a web server answers, and nothing listens here'],
  ],
  [{ ...least, webroot: 'www' }, ['webroot: must be an absolute path']],
])('faults of %j', (input, expected) => {
  expect(faults(input)).toEqual(expected)
})
