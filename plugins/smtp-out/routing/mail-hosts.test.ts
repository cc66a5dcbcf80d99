import { networkInterfaces } from 'node:os'
import { type FakeRecords, fakeResolver } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import type { AddressFamily } from '../options.ts'
import type { Destination } from './destination.ts'
import { type HostsAnswer, MailHosts } from './mail-hosts.ts'

const domain: Destination = {
  name: 'there.example',
  host: 'there.example',
  useMx: true,
  port: 25,
  isConfigured: false,
  relay: undefined,
}

interface Given {
  readonly zones?: Readonly<Record<string, FakeRecords>>
  readonly destination?: Partial<Destination>
  readonly addresses?: AddressFamily
  readonly publicAddresses?: readonly string[]
  readonly lots?: readonly number[]
}

function find({
  zones,
  destination,
  addresses = 'ipv4',
  publicAddresses = [],
  lots = [0],
}: Given): Promise<HostsAnswer> {
  let drawn = 0
  const hosts = new MailHosts({
    resolver: fakeResolver(zones),
    hostnames: ['mx.here.example'],
    addresses,
    publicAddresses,
    random: () => lots[drawn++ % lots.length] ?? 0,
  })
  return hosts.find({ ...domain, ...destination })
}

/** `mx.example 198.51.100.1 198.51.100.2` for each host, or the enhanced code. */
function shown(answer: HostsAnswer): readonly string[] | string {
  if (!answer.ok) return `${answer.outcome.kind} ${answer.outcome.reply.enhanced}`
  return answer.hosts.map(({ candidate: { host }, addresses }) => [host, ...addresses].join(' '))
}

const mx = (...hosts: readonly (readonly [number, string])[]): FakeRecords => ({
  mx: hosts.map(([preference, exchange]) => ({ preference, exchange })),
})

describe('the hosts of a domain', () => {
  const three = {
    'there.example': mx([20, 'c.example'], [10, 'a.example'], [20, 'b.example']),
    'a.example': { a: ['198.51.100.1'] },
    'b.example': { a: ['198.51.100.2'] },
    'c.example': { a: ['198.51.100.3'] },
  }

  test('by preference, at random where that is equal', async () => {
    expect(shown(await find({ zones: three, lots: [0.1, 0.5, 0.9] }))).toEqual([
      'a.example 198.51.100.1',
      'c.example 198.51.100.3',
      'b.example 198.51.100.2',
    ])
    expect(shown(await find({ zones: three, lots: [0.9, 0.5, 0.1] }))).toEqual([
      'a.example 198.51.100.1',
      'b.example 198.51.100.2',
      'c.example 198.51.100.3',
    ])
  })

  test.each([
    ['any', ['2001:db8::1 198.51.100.1 2001:db8::2', '198.51.100.1 2001:db8::1 2001:db8::2']],
    ['prefer-ipv4', ['198.51.100.1 2001:db8::1 2001:db8::2']],
    ['prefer-ipv6', ['2001:db8::1 198.51.100.1 2001:db8::2']],
    ['ipv4', ['198.51.100.1']],
    ['ipv6', ['2001:db8::1 2001:db8::2']],
  ] as const)('addresses: %s', async (addresses, expected) => {
    const zones = { 'there.example': { a: ['198.51.100.1'], aaaa: ['2001:db8::1', '2001:db8::2'] } }
    const found = await Promise.all([0, 0.9].map((lot) => find({ zones, addresses, lots: [lot] })))
    expect(new Set(found.flatMap(shown))).toEqual(new Set(expected.map((text) => `there.example ${text}`)))
  })

  test('without MX the domain itself', async () => {
    expect(shown(await find({ zones: { 'there.example': { a: ['198.51.100.1'] } } }))).toEqual([
      'there.example 198.51.100.1',
    ])
  })

  test.each([
    ['no such domain', {}, 'failed 5.1.2'],
    ['a null MX', { 'there.example': mx([0, '']) }, 'failed 5.1.10'],
    ['neither MX nor address', { 'there.example': { txt: ['x'] } }, 'failed 5.4.4'],
    [
      'no MX that names a host',
      { 'there.example': { ...mx([10, '127.0.0.11'], [20, 'not a host.test']), a: ['198.51.100.1'] } },
      'failed 5.4.4',
    ],
    ['no MX with an address', { 'there.example': mx([10, 'a.example']) }, 'failed 5.4.4'],
    ['MX that cannot be asked for', { 'there.example': { failure: 'SERVFAIL' } }, 'deferred 4.4.3'],
    [
      'addresses that cannot be asked for',
      { 'there.example': mx([10, 'a.example']), 'a.example': { failure: 'SERVFAIL' } },
      'deferred 4.4.3',
    ],
  ])('%s', async (_, zones, expected) => {
    const answer = await find({ zones })
    expect(shown(answer)).toBe(expected)
    expect(answer).toMatchObject({ outcome: { concerns: 'destination' } })
  })

  test('a host that is known is enough, where another one cannot be asked for', async () => {
    const zones = { ...three, 'a.example': { failure: 'SERVFAIL' } }
    expect(shown(await find({ zones }))).toHaveLength(2)
  })

  test('DNSSEC on the way to a host is told', async () => {
    const secure = { ...three, 'there.example': { ...mx([10, 'a.example']), secure: true } }
    expect(await find({ zones: secure })).toMatchObject({ hosts: [{ candidate: { secure: true } }] })
    expect(await find({ zones: three })).toMatchObject({ hosts: [{ candidate: { secure: false } }, {}, {}] })
  })
})

describe('mail that would come back', () => {
  const own = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4')?.address

  test.each([
    ['our name', { 'mx.here.example': { a: ['198.51.100.9'] } }, []],
    ['an address of this machine', { 'mx.here.example': {}, 'me.example': { a: [own ?? ''] } }, []],
    [
      'an address in front of us',
      { 'mx.here.example': {}, 'me.example': { a: ['198.51.100.9'] } },
      ['198.51.100.9'],
    ],
  ])('%s among the MX: those that are better remain', async (what, zones, publicAddresses) => {
    const me = what === 'our name' ? 'mx.here.example' : 'me.example'
    const given = {
      publicAddresses,
      zones: {
        ...zones,
        'there.example': mx([10, 'a.example'], [20, me], [20, 'b.example'], [30, 'c.example']),
        'a.example': { a: ['198.51.100.1'] },
        'b.example': { a: ['198.51.100.2'] },
        'c.example': { a: ['198.51.100.3'] },
      },
    }
    expect(shown(await find(given))).toEqual(['a.example 198.51.100.1'])
    const best = { ...given.zones, 'there.example': mx([10, me], [20, 'a.example']) }
    expect(shown(await find({ ...given, zones: best }))).toBe('failed 5.4.6')
  })

  test.each([
    ['our name', 'mx.here.example', 25],
    ['our address', 'me.example', 25],
    ['our name, behind very many', 'mx.here.example', 150],
  ])('%s is found behind all hosts that may be asked', async (_, me, place) => {
    const names = Array.from({ length: place }, (_, index) => `h${index}.example`)
    const first = mx([10, 'a.example'], ...names.map((name) => [20, name] as const), [20, me])
    const zones = {
      ...Object.fromEntries(names.map((name) => [name, { a: ['198.51.100.2'] }])),
      'there.example': first,
      'a.example': { a: ['198.51.100.1'] },
      'me.example': { a: ['127.0.0.1'] },
    }
    expect(shown(await find({ zones }))).toEqual(['a.example 198.51.100.1'])
  })

  test('of others 20 may be asked', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `h${index}.example`)
    const zones = {
      ...Object.fromEntries(names.map((name) => [name, { a: ['198.51.100.2'] }])),
      'there.example': mx(...names.map((name, index) => [index, name] as const)),
    }
    expect(shown(await find({ zones }))).toEqual(names.slice(0, 20).map((name) => `${name} 198.51.100.2`))
  })

  test.each(['[127.0.0.9]', '[0.0.0.0]', '[IPv6:::1]'])('the address literal %s', async (host) => {
    expect(shown(await find({ destination: { host, useMx: false } }))).toBe('failed 5.4.6')
  })

  test('a domain that is this machine', async () => {
    const zones = { 'there.example': { a: ['127.0.0.1'] } }
    expect(shown(await find({ zones }))).toBe('failed 5.4.6')
    expect(shown(await find({ zones, destination: { port: 2525 } }))).toEqual(['there.example 127.0.0.1'])
  })
})

describe('a host of the config', () => {
  const destination = { useMx: false, isConfigured: true }

  test('is asked for its addresses only, and believed', async () => {
    const zones = { 'there.example': { ...mx([10, 'a.example']), a: ['127.0.0.1'] } }
    const answer = await find({ zones, destination })
    expect(shown(answer)).toEqual(['there.example 127.0.0.1'])
    expect(answer).toMatchObject({ hosts: [{ candidate: { secure: true } }] })
  })

  test('that does not exist is a fault that can be mended', async () => {
    expect(shown(await find({ destination }))).toBe('deferred 4.4.3')
    expect(shown(await find({ destination: { ...destination, useMx: true } }))).toBe('deferred 4.4.3')
    const zones = { 'there.example': { ...mx([10, '127.0.0.11']), a: ['198.51.100.1'] } }
    expect(shown(await find({ zones, destination: { ...destination, useMx: true } }))).toBe('deferred 4.4.3')
  })

  test.each(['198.51.100.7', '[198.51.100.7]'])('%s needs no DNS', async (host) => {
    expect(shown(await find({ destination: { host, useMx: false } }))).toEqual([`${host} 198.51.100.7`])
  })
})
