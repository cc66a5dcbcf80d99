import { describe, expect, test, vi } from 'vitest'
import { createResolver, type DnsQueries } from './resolver.ts'
import { fakeClock } from './testing/fake-clock.ts'

function dnsError(code: string): Error {
  return Object.assign(new Error(`query ${code}`), { code })
}

/** Queries that know nothing but what a test says. */
function fakeQueries(known: Partial<Record<keyof DnsQueries, (name: string) => Promise<unknown>>>) {
  const refuse = async () => {
    throw dnsError('ENOTFOUND')
  }
  const names = ['resolve4', 'resolve6', 'resolveMx', 'resolveTxt', 'resolveTlsa', 'reverse'] as const
  const spies = Object.fromEntries(names.map((name) => [name, vi.fn(known[name] ?? refuse)]))
  return { queries: spies as unknown as DnsQueries, spies }
}

describe('answers', () => {
  test('addresses of both families', async () => {
    const { queries } = fakeQueries({
      resolve4: async () => ['192.0.2.1'],
      resolve6: async () => ['2001:db8::1'],
    })
    const resolver = createResolver(fakeClock(), queries)
    expect(await resolver.addresses('mx.example', 4)).toEqual({
      kind: 'found',
      records: ['192.0.2.1'],
      secure: false,
    })
    expect(await resolver.addresses('mx.example', 6)).toEqual({
      kind: 'found',
      records: ['2001:db8::1'],
      secure: false,
    })
  })

  test('MX records, canonical, without those that are no host name; the null MX is an empty name', async () => {
    const { queries } = fakeQueries({
      resolveMx: async (name) =>
        name === 'null.example'
          ? [{ priority: 0, exchange: '' }]
          : [
              { priority: 10, exchange: 'MX1.Example' },
              { priority: 20, exchange: 'a b\r\nRCPT' },
              { priority: 30, exchange: '127.0.0.1' },
            ],
    })
    const resolver = createResolver(fakeClock(), queries)
    expect(await resolver.mx('example.org')).toMatchObject({
      records: [{ preference: 10, exchange: 'mx1.example' }],
    })
    expect(await resolver.mx('null.example')).toMatchObject({ records: [{ preference: 0, exchange: '' }] })
  })

  test('TXT records with their strings joined, PTR names, TLSA', async () => {
    const { queries } = fakeQueries({
      resolveTxt: async () => [['v=spf1 ', '-all'], ['other']],
      reverse: async () => ['Host.Example', 'not a host'],
      resolveTlsa: async () => [{ certUsage: 3, selector: 1, match: 1, data: new Uint8Array([1, 2]).buffer }],
    })
    const resolver = createResolver(fakeClock(), queries)
    expect(await resolver.txt('_dmarc.example')).toMatchObject({ records: ['v=spf1 -all', 'other'] })
    expect(await resolver.ptr('192.0.2.1')).toMatchObject({ records: ['host.example'] })
    expect(await resolver.tlsa('_25._tcp.mx.example')).toMatchObject({
      records: [{ usage: 3, selector: 1, matchingType: 1, data: Buffer.from([1, 2]) }],
    })
  })

  test.each([
    ['ENOTFOUND', { kind: 'none', nameExists: false }],
    ['ENODATA', { kind: 'none', nameExists: true }],
    ['ESERVFAIL', { kind: 'failed', text: 'ESERVFAIL' }],
    ['ETIMEOUT', { kind: 'failed', text: 'ETIMEOUT' }],
    ['EREFUSED', { kind: 'failed', text: 'EREFUSED' }],
  ])('%s', async (code, answer) => {
    const { queries } = fakeQueries({
      resolve4: async () => {
        throw dnsError(code)
      },
    })
    expect(await createResolver(fakeClock(), queries).addresses('a.example', 4)).toEqual(answer)
  })

  test('a query that throws at once, or something strange, has failed', async () => {
    const { queries } = fakeQueries({
      resolve4: () => {
        throw new TypeError('bad argument')
      },
      resolve6: () => Promise.reject(undefined),
    })
    const resolver = createResolver(fakeClock(), queries)
    expect(await resolver.addresses('a.example', 4)).toEqual({ kind: 'failed', text: 'bad argument' })
    expect(await resolver.addresses('a.example', 6)).toMatchObject({ kind: 'failed' })
  })

  test('records of which none is usable are none', async () => {
    const { queries } = fakeQueries({ resolveMx: async () => [{ priority: 1, exchange: '*' }] })
    expect(await createResolver(fakeClock(), queries).mx('a.example')).toEqual({
      kind: 'none',
      nameExists: true,
    })
  })
})

describe('questions', () => {
  test.each([
    '',
    '.',
    '..',
    'a..b',
    'a b',
    '-',
    '192.0.2.1',
    '[192.0.2.1]',
    'a\r\nb',
    'a\0b',
    'x'.repeat(64),
    'a/b',
  ])('that are no host name are not asked: %j', async (name) => {
    const { queries, spies } = fakeQueries({})
    const resolver = createResolver(fakeClock(), queries)
    expect(await resolver.addresses(name, 4)).toEqual({ kind: 'none', nameExists: false })
    expect(await resolver.mx(name)).toEqual({ kind: 'none', nameExists: false })
    expect(await resolver.ptr(name === '192.0.2.1' ? 'x' : name)).toEqual({ kind: 'none', nameExists: false })
    for (const spy of Object.values(spies)) expect(spy).not.toHaveBeenCalled()
  })

  test.each(['', 'a b._tcp', '_a\r\n', `${'a.'.repeat(127)}b`])(
    'nor are names of services: %j',
    async (name) => {
      const { queries, spies } = fakeQueries({})
      const resolver = createResolver(fakeClock(), queries)
      expect(await resolver.txt(name)).toEqual({ kind: 'none', nameExists: false })
      expect(await resolver.tlsa(name)).toEqual({ kind: 'none', nameExists: false })
      for (const spy of Object.values(spies)) expect(spy).not.toHaveBeenCalled()
    },
  )

  test('are asked in canonical form', async () => {
    const { queries, spies } = fakeQueries({})
    const resolver = createResolver(fakeClock(), queries)
    await resolver.addresses('Bücher.Example.', 4)
    expect(spies.resolve4).toHaveBeenCalledWith('xn--bcher-kva.example')
    await resolver.txt('_DMARC.Example')
    expect(spies.resolveTxt).toHaveBeenCalledWith('_dmarc.example')
  })
})

describe('the cache', () => {
  test('keeps what was found for a minute and asks once for those who ask together', async () => {
    const clock = fakeClock()
    const { queries, spies } = fakeQueries({ resolve4: async () => ['192.0.2.1'] })
    const resolver = createResolver(clock, queries)
    await Promise.all([resolver.addresses('a.example', 4), resolver.addresses('A.example', 4)])
    clock.advance(59_999)
    await resolver.addresses('a.example', 4)
    expect(spies.resolve4).toHaveBeenCalledTimes(1)
    clock.advance(1)
    await resolver.addresses('a.example', 4)
    expect(spies.resolve4).toHaveBeenCalledTimes(2)
  })

  test('keeps "none" for half of it, and a failure not at all', async () => {
    const clock = fakeClock()
    const { queries, spies } = fakeQueries({
      resolve6: async () => {
        throw dnsError('ESERVFAIL')
      },
    })
    const resolver = createResolver(clock, queries)
    for (let count = 0; count < 3; count++) {
      await resolver.addresses('a.example', 4)
      await resolver.addresses('a.example', 6)
      clock.advance(20_000)
    }
    expect(spies.resolve4).toHaveBeenCalledTimes(2)
    expect(spies.resolve6).toHaveBeenCalledTimes(3)
  })

  test('does not notice a change of the wall clock', async () => {
    const clock = fakeClock()
    const { queries, spies } = fakeQueries({ resolve4: async () => ['192.0.2.1'] })
    const resolver = createResolver(clock, queries)
    await resolver.addresses('a.example', 4)
    clock.set(0)
    clock.advance(60_000)
    await resolver.addresses('a.example', 4)
    expect(spies.resolve4).toHaveBeenCalledTimes(2)
  })

  test('forgets the oldest when it is full', async () => {
    const { queries, spies } = fakeQueries({ resolve4: async () => ['192.0.2.1'] })
    const resolver = createResolver(fakeClock(), queries)
    for (let count = 0; count <= 10_000; count++) await resolver.addresses(`n${count}.example`, 4)
    await resolver.addresses('n10000.example', 4)
    expect(spies.resolve4).toHaveBeenCalledTimes(10_001)
    await resolver.addresses('n0.example', 4)
    expect(spies.resolve4).toHaveBeenCalledTimes(10_002)
  })
})
