import type { TlsaRecord } from 'mailwright'
import { codeOf, type FakeRecords, fakeResolver } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import type { SecuritySession } from '../requirement.ts'
import { danePolicy } from './policy.ts'

const usable: TlsaRecord = { usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32) }
const unusable: TlsaRecord = { ...usable, usage: 1 }
const host = { a: ['192.0.2.1'], aaaa: ['2001:db8::1'], secure: true }
const candidate = { host: 'mx.example', port: 25, secure: true }

function ask(zones: Readonly<Record<string, FakeRecords>>, wanted = candidate): Promise<unknown> {
  return danePolicy({ resolver: fakeResolver(zones) }).requirementFor('example.org', wanted)
}

test('a host with secure records is held to them', async () => {
  const zones = { 'mx.example': host, '_25._tcp.mx.example': { tlsa: [usable, unusable], secure: true } }
  expect(await ask(zones)).toEqual({
    level: 'dane',
    names: ['mx.example', 'example.org'],
    tlsa: [usable],
    source: 'dane',
  })
})

test('records are at the port', async () => {
  const zones = { 'mx.example': host, '_2525._tcp.mx.example': { tlsa: [usable], secure: true } }
  expect(await ask(zones)).toBeUndefined()
  expect(await ask(zones, { ...candidate, port: 2525 })).toMatchObject({ level: 'dane' })
})

test('with records of which none is usable, TLS is a must', async () => {
  const zones = { 'mx.example': host, '_25._tcp.mx.example': { tlsa: [unusable], secure: true } }
  const requirement = await ask(zones)
  const names = ['mx.example', 'example.org']
  expect(requirement).toEqual({ level: 'encrypt', names, tlsa: [unusable], source: 'dane' })
})

describe('there is no opinion', () => {
  test('of a host that was found by answers that are not secure; nothing is asked', async () => {
    const resolver = fakeResolver()
    const policy = danePolicy({ resolver })
    expect(await policy.requirementFor('example.org', { ...candidate, secure: false })).toBeUndefined()
    expect(resolver.asked).toEqual([])
  })

  test.each<[string, Readonly<Record<string, FakeRecords>>]>([
    [
      'addresses that are not secure',
      { 'mx.example': { ...host, secure: false }, '_25._tcp.mx.example': { tlsa: [usable], secure: true } },
    ],
    ['records that are not secure', { 'mx.example': host, '_25._tcp.mx.example': { tlsa: [usable] } }],
    ['no records', { 'mx.example': host }],
    ['no addresses', { '_25._tcp.mx.example': { tlsa: [usable], secure: true } }],
  ])('with %s', async (_, zones) => {
    expect(await ask(zones)).toBeUndefined()
  })
})

describe('an alias', () => {
  const alias = { cname: 'real.example', secure: true }

  test('has the records of where it leads to', async () => {
    const zones = {
      'mx.example': alias,
      'real.example': host,
      '_25._tcp.real.example': { tlsa: [usable], secure: true },
      '_25._tcp.mx.example': { tlsa: [unusable], secure: true },
    }
    expect(await ask(zones)).toMatchObject({
      level: 'dane',
      names: ['real.example', 'mx.example', 'example.org'],
    })
  })

  test('or else its own', async () => {
    const zones = {
      'mx.example': alias,
      'real.example': host,
      '_25._tcp.mx.example': { tlsa: [usable], secure: true },
    }
    expect(await ask(zones)).toMatchObject({ level: 'dane', names: ['mx.example', 'example.org'] })
  })

  test('that is secure and leads to what is not has its own only', async () => {
    const zones = {
      'mx.example': alias,
      'real.example': { ...host, secure: false },
      '_25._tcp.real.example': { tlsa: [usable], secure: true },
    }
    expect(await ask(zones)).toBeUndefined()
    expect(await ask({ ...zones, '_25._tcp.mx.example': { tlsa: [usable], secure: true } })).toMatchObject({
      level: 'dane',
      names: ['mx.example', 'example.org'],
    })
  })

  test('that is not secure has none', async () => {
    const zones = {
      'mx.example': { cname: 'real.example' },
      'real.example': host,
      '_25._tcp.mx.example': { tlsa: [usable], secure: true },
      '_25._tcp.real.example': { tlsa: [usable], secure: true },
    }
    expect(await ask(zones)).toBeUndefined()
  })

  test('of the records is followed', async () => {
    const zones = {
      'mx.example': host,
      '_25._tcp.mx.example': { cname: 'tlsa.example', secure: true },
      'tlsa.example': { tlsa: [usable], secure: true },
    }
    expect(await ask(zones)).toMatchObject({ level: 'dane', names: ['mx.example', 'example.org'] })
  })
})

test.each<[string, Readonly<Record<string, FakeRecords>>]>([
  ['the addresses', { 'mx.example': { failure: 'SERVFAIL' } }],
  ['the records', { 'mx.example': host, '_25._tcp.mx.example': { failure: 'timeout' } }],
  [
    'the records of where an alias leads to',
    {
      'mx.example': { cname: 'real.example', secure: true },
      'real.example': host,
      '_25._tcp.real.example': { failure: 'timeout' },
      '_25._tcp.mx.example': { tlsa: [usable], secure: true },
    },
  ],
])('a host is not to be used while DNS does not answer for %s', async (_, zones) => {
  expect(await ask(zones).catch(codeOf)).toBe('MAIL_E_UNAVAILABLE')
})

test('that TLSA records cannot be had is told', async () => {
  const resolver = fakeResolver({ 'mx.example': host, '_25._tcp.mx.example': { failure: 'SERVFAIL' } })
  const told: SecuritySession[] = []
  const policy = danePolicy({ resolver, observe: (session) => told.push(session) })
  expect(await policy.requirementFor('example.org', candidate).catch(codeOf)).toBe('MAIL_E_UNAVAILABLE')
  expect(told).toMatchObject([
    {
      ...{ domain: 'example.org', candidate, requirement: { level: 'dane', source: 'dane' } },
      failure: { result: 'dnssec-invalid', detail: expect.stringContaining('_25._tcp.mx.example: SERVFAIL') },
    },
  ])
})
