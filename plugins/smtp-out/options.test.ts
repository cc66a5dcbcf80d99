import { ConfigError } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { parseOptions } from './options.ts'

function faultsOf(input: unknown): readonly string[] {
  try {
    parseOptions(input)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ path, problem }) => `${path}: ${problem}`)
    throw error
  }
  return []
}

describe('options', () => {
  test('nothing has to be said', () => {
    expect(parseOptions({})).toMatchObject({
      relay: undefined,
      relays: [],
      tls: 'may',
      dane: true,
      mtaSts: true,
      port: 25,
      connections: { perHost: 20, total: 3_500, idleTime: 5_000 },
      timeouts: { connect: 30_000, greeting: 300_000, data: 120_000, block: 180_000, message: 600_000 },
    })
  })

  test.each([
    [{ host: 'smtp.example' }, { port: 25, implicitTls: false, tls: undefined }],
    [
      { host: 'smtp.example', user: 'u', password: 'p' },
      { port: 587, tls: { level: 'verify' } },
    ],
    [
      { host: 'smtp.example', port: 465 },
      { implicitTls: true, tls: { level: 'encrypt' } },
    ],
    [{ host: 'smtp.example', implicitTls: true }, { port: 465 }],
    [
      { host: '192.0.2.1', tls: 'none' },
      { host: '192.0.2.1', tls: { level: 'none' } },
    ],
    [{ host: 'smtp.example', user: 'u', tokenFile: '/run/token' }, { login: { kind: 'token' } }],
    [
      { host: 'smtp.example', user: 'u', passwordEnv: 'X' },
      { login: { secret: { kind: 'environment', name: 'X' } } },
    ],
    [
      { host: 'smtp.example', clientCertificate: { cert: '/c.pem', key: '/k.pem' } },
      {
        port: 25,
        tls: { level: 'verify' },
        login: { kind: 'certificate', user: undefined },
        certificate: { cert: '/c.pem', key: '/k.pem' },
      },
    ],
    [
      { host: 'smtp.example', user: 'u', clientCertificate: { cert: '/c.pem', key: '/k.pem' } },
      { port: 587, login: { kind: 'certificate', user: 'u' } },
    ],
    [
      {
        host: 'smtp.example',
        user: 'u',
        password: 'p',
        clientCertificate: { cert: '/c.pem', key: '/k.pem' },
      },
      { port: 587, login: { kind: 'password' }, certificate: { key: '/k.pem' } },
    ],
  ])('a relay host: %j', (relay, expected) => {
    expect(parseOptions({ relay }).relay).toMatchObject(expected)
  })

  test('limits have a pace, and a name that is the same in every process', () => {
    const limits = [
      { hosts: ['.Example.net', '192.0.2.1'], messages: '30/1m', burst: 5 },
      { domains: ['example.org'], each: 'domain', connections: 2, messages: '100/h' },
    ] as const
    const [one, two] = parseOptions({ limits }).limits
    expect(one).toMatchObject({ rate: { interval: 2_000, burst: 5 }, connections: undefined })
    expect([...(one?.hosts ?? [])]).toEqual(['.example.net', '192.0.2.1'])
    expect(two).toMatchObject({ rate: { interval: 36_000, burst: 1 }, connections: 2, each: 'domain' })
    expect(parseOptions({ limits }).limits.map(({ name }) => name)).toEqual([one?.name, two?.name])
    expect(one?.name).not.toBe(two?.name)
  })

  test('destinations have rules of their own', () => {
    const { tlsFor } = parseOptions({
      tlsFor: {
        'Partner.example': 'encrypt',
        '.bank.example': { level: 'verify', names: ['.bank.example', '*.Bank.example', 'mx.bank.example'] },
        '@exact.example': 'none',
      },
    })
    expect([...tlsFor]).toEqual([
      ['partner.example', { level: 'encrypt', names: undefined }],
      ['.bank.example', { level: 'verify', names: ['.bank.example', '.bank.example', 'mx.bank.example'] }],
      ['@exact.example', { level: 'none', names: undefined }],
    ])
  })

  test.each([
    [{ relay: { host: '[192.0.2.1]' } }, 'relay.host: must be the name of a host'],
    [{ relay: {} }, 'relay.host: is missing'],
    [{ relay: { host: 'x.example', user: 'u' } }, 'relay.password: is missing'],
    [{ relay: { host: 'x.example', password: 'p' } }, 'relay.user: is missing'],
    [
      { relay: { host: 'x.example', user: 'u', password: 'p', passwordFile: '/p' } },
      'relay.passwordFile: cannot stand beside',
    ],
    [{ relay: { host: 'x.example', implicitTls: true, tls: 'may' } }, 'relay.tls: cannot be'],
    [{ relay: { host: 'x.example', tls: 'dane' } }, 'relay.tls: must be one of'],
    [{ relay: { host: 'x.example', names: ['y.example'] } }, 'relay.names: count only where'],
    [{ relay: { host: '192.0.2.1', mx: true } }, 'relay.mx: needs a name'],
    [{ relays: [{ to: ['no domain'], host: 'x.example' }] }, 'relays[0].to[0]: must be an address'],
    [{ relays: [{ direct: true, host: 'x.example' }] }, 'relays[0].host: cannot stand beside'],
    [{ tlsFor: { 'a b': 'may' } }, 'tlsFor.a b: must be a domain'],
    [
      { clientCertificates: { 'a b': { cert: '/c', key: '/k' } } },
      'clientCertificates.a b: must be a domain',
    ],
    [{ clientCertificates: { 'x.example': { cert: '/c' } } }, 'clientCertificates.x.example.key: is missing'],
    [
      { relay: { host: 'x.example', clientCertificate: { cert: 'c', key: '/k' } } },
      'relay.clientCertificate.cert: must be an absolute path',
    ],
    [
      { relay: { host: 'x.example', tls: 'may', clientCertificate: { cert: '/c', key: '/k' } } },
      'relay.tls: cannot be "none" or "may" with `clientCertificate`',
    ],
    [{ tlsFor: { 'x.example': 'sometimes' } }, 'tlsFor.x.example: must be one of'],
    [
      { tlsFor: { 'x.example': { level: 'verify', names: ['*x.example'] } } },
      'tlsFor.x.example.names: "*x.example" is no name of a host',
    ],
    [{ tlsFor: 'may' }, 'tlsFor: must be an object'],
    [{ ipv4: '2001:db8::1' }, 'ipv4: must be an IPv4 address'],
    [{ hostname: 'a b' }, 'hostname: must be the name of a host'],
    [{ identities: [{ hostname: 'x.example' }] }, 'identities[0].from: is missing'],
    [{ publicAddresses: ['here'] }, 'publicAddresses: "here" is no IP address'],
    [{ contact: 'me' }, 'contact: must be a mail address'],
    [{ sendTlsReports: true, tlsReports: false }, 'sendTlsReports: needs `tlsReports`'],
    [{ fallbackRelays: [{ host: 'x.example', user: 'u' }] }, 'fallbackRelays[0].password: is missing'],
    [{ limits: [{ hosts: ['*.example'] }] }, 'limits[0].hosts: "*.example" is no name such as'],
    [{ limits: [{ connections: 0 }] }, 'limits[0].connections: must be'],
    [{ limits: [{ messages: '30' }] }, 'limits[0].messages: must be a rate such as "30/1m"'],
    [{ limits: [{ messages: '1/2d' }] }, 'limits[0].messages: must be a rate'],
    [{ limits: [{ burst: 5 }] }, 'limits[0].burst: belongs to `messages`'],
    [{ limits: [{ each: 'address' }] }, 'limits[0].each: must be one of'],
    [{ timeouts: { greeting: '2h' } }, 'timeouts.greeting: must be a duration'],
    [{ relayhost: 'x.example' }, 'relayhost: is not an option here'],
  ])('%j', (input, expected) => {
    expect(faultsOf(input)).toEqual([expect.stringContaining(expected)])
  })
})
