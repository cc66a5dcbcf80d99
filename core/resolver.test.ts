import type { Answer } from 'dns-packet'
import { describe, expect, test } from 'vitest'
import type { DnsClient, Told } from './dns/client.ts'
import { createResolver } from './resolver.ts'
import { fakeClock } from './testing/fake-clock.ts'

type ToldPart = Partial<Extract<Told, { kind: 'told' }>>

const told = (part: ToldPart = {}): Told => ({
  ...{ kind: 'told', nameMissing: false, secure: false, records: [], negativeTtl: undefined, octets: 100 },
  ...part,
})
const a = (name: string, data: string, ttl = 300): Answer => ({ type: 'A', name, ttl, data })
const alias = (name: string, data: string, ttl = 300): Answer => ({ type: 'CNAME', name, ttl, data })

/** A client that knows nothing but what a test says, by `TYPE name`. */
function fakeClient(known: Readonly<Record<string, Told>> = {}): DnsClient & { readonly asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async ask(name, type) {
      asked.push(`${type} ${name}`)
      return known[`${type} ${name}`] ?? told({ nameMissing: true })
    },
  }
}

function resolverOf(
  known: Readonly<Record<string, Told>>,
  clock = fakeClock(),
): ReturnType<typeof createResolver> {
  return createResolver(clock, {}, fakeClient(known))
}

describe('answers', () => {
  test('addresses of both families', async () => {
    const resolver = resolverOf({
      'A mx.example': told({ records: [a('mx.example', '192.0.2.1')] }),
      'AAAA mx.example': told({
        records: [{ type: 'AAAA', name: 'MX.Example', data: '2001:db8::1' }],
        secure: true,
      }),
    })
    expect(await resolver.addresses('mx.example', 4)).toEqual({
      kind: 'found',
      records: ['192.0.2.1'],
      secure: false,
    })
    expect(await resolver.addresses('mx.example', 6)).toEqual({
      kind: 'found',
      records: ['2001:db8::1'],
      secure: true,
    })
  })

  test('MX records, canonical, without those that are no host name; the null MX is an empty name', async () => {
    const mx = (preference: number, exchange: string): Answer => ({
      ...{ type: 'MX', name: 'example.org', ttl: 300 },
      data: { preference, exchange },
    })
    const resolver = resolverOf({
      'MX example.org': told({
        records: [mx(10, 'MX1.Example'), mx(20, 'a b\r\nRCPT'), mx(30, '127.0.0.1')],
      }),
      'MX null.example': told({ records: [{ ...mx(0, '.'), name: 'null.example' } as Answer] }),
    })
    expect(await resolver.mx('example.org')).toMatchObject({
      records: [{ preference: 10, exchange: 'mx1.example' }],
    })
    expect(await resolver.mx('null.example')).toMatchObject({ records: [{ preference: 0, exchange: '' }] })
  })

  test('TXT records with their strings joined, PTR names, TLSA, NS', async () => {
    const named = (address: string) => `PTR ${address}`
    const six = '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa'
    const certificate = Buffer.from([1, 2])
    const resolver = resolverOf({
      'TXT _dmarc.example': told({
        records: [
          { type: 'TXT', name: '_dmarc.example', data: [Buffer.from('v=spf1 '), Buffer.from('-all')] },
          { type: 'TXT', name: '_dmarc.example', data: [Buffer.from('other')] },
        ],
      }),
      [named('1.2.0.192.in-addr.arpa')]: told({
        records: [
          alias('1.2.0.192.in-addr.arpa', '1.0/25.2.0.192.in-addr.arpa'),
          { type: 'PTR', name: '1.0/25.2.0.192.in-addr.arpa', data: 'Host.Example' },
          { type: 'PTR', name: '1.0/25.2.0.192.in-addr.arpa', data: 'not a host' },
        ],
      }),
      [named(six)]: told({ records: [{ type: 'PTR', name: six, data: 'six.example' }] }),
      'TLSA _25._tcp.mx.example': told({
        records: [
          {
            type: 'TLSA',
            name: '_25._tcp.mx.example',
            data: { usage: 3, selector: 1, matchingType: 1, certificate },
          },
        ],
      }),
      'NS example': told({ records: [{ type: 'NS', name: 'example', data: 'ns.example' }] }),
    })
    expect(await resolver.txt('_dmarc.example')).toMatchObject({ records: ['v=spf1 -all', 'other'] })
    expect(await resolver.ptr('192.0.2.1')).toMatchObject({ records: ['host.example'] })
    expect(await resolver.ptr('::ffff:192.0.2.1')).toMatchObject({ records: ['host.example'] })
    expect(await resolver.ptr('2001:db8::1')).toMatchObject({ records: ['six.example'] })
    expect(await resolver.tlsa('_25._tcp.mx.example')).toMatchObject({
      records: [{ usage: 3, selector: 1, matchingType: 1, data: certificate }],
    })
    expect(await resolver.ns('example')).toMatchObject({ records: ['ns.example'] })
  })

  test('the end of a chain of aliases, with its name', async () => {
    const resolver = resolverOf({
      'A a.example': told({
        records: [
          a('c.example', '192.0.2.1'),
          alias('a.example', 'B.example'),
          alias('b.example', 'c.example'),
        ],
      }),
      'CNAME a.example': told({ records: [alias('a.example', 'b.example')], secure: true }),
    })
    expect(await resolver.addresses('a.example', 4)).toEqual({
      ...{ kind: 'found', records: ['192.0.2.1'], secure: false },
      canonicalName: 'c.example',
    })
    expect(await resolver.cname('a.example')).toEqual({ kind: 'found', records: ['b.example'], secure: true })
  })

  test('nothing of what was not asked for', async () => {
    const resolver = resolverOf({ 'A a.example': told({ records: [a('b.example', '203.0.113.9')] }) })
    expect(await resolver.addresses('a.example', 4)).toEqual({ kind: 'none', nameExists: true })
  })

  test('aliases in a circle are a failure', async () => {
    const resolver = resolverOf({
      'A a.example': told({ records: [alias('a.example', 'b.example'), alias('b.example', 'a.example')] }),
    })
    expect(await resolver.addresses('a.example', 4)).toMatchObject({ kind: 'failed' })
  })

  test('none, and how sure that is', async () => {
    const resolver = resolverOf({
      'A a.example': told(),
      'A b.example': told({ secure: true }),
      'A c.example': told({ nameMissing: true, secure: true }),
      'MX d.example': told({
        records: [{ type: 'MX', name: 'd.example', data: { preference: 1, exchange: '*' } }],
      }),
    })
    expect(await resolver.addresses('a.example', 4)).toEqual({ kind: 'none', nameExists: true })
    expect(await resolver.addresses('b.example', 4)).toEqual({ kind: 'none', nameExists: true, secure: true })
    expect(await resolver.addresses('c.example', 4)).toEqual({
      kind: 'none',
      nameExists: false,
      secure: true,
    })
    expect(await resolver.addresses('x.example', 4)).toEqual({ kind: 'none', nameExists: false })
    expect(await resolver.mx('d.example')).toEqual({ kind: 'none', nameExists: true, unusable: true })
  })

  test('a failure stays one', async () => {
    const resolver = resolverOf({ 'A a.example': { kind: 'failed', text: 'SERVFAIL' } })
    expect(await resolver.addresses('a.example', 4)).toEqual({ kind: 'failed', text: 'SERVFAIL' })
  })
})

describe('questions', () => {
  const silent = async (ask: (resolver: ReturnType<typeof createResolver>) => Promise<unknown>) => {
    const client = fakeClient()
    expect(await ask(createResolver(fakeClock(), {}, client))).toEqual({ kind: 'none', nameExists: false })
    expect(client.asked).toEqual([])
  }

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
    await silent((resolver) => resolver.addresses(name, 4))
    await silent((resolver) => resolver.mx(name))
    await silent((resolver) => resolver.ns(name))
    await silent((resolver) => resolver.cname(name))
    await silent((resolver) => resolver.ptr(name === '192.0.2.1' ? 'x' : name))
  })

  test.each(['', 'a b._tcp', '_a\r\n', `${'a.'.repeat(127)}b`])(
    'nor are names of services: %j',
    async (name) => {
      await silent((resolver) => resolver.txt(name))
      await silent((resolver) => resolver.tlsa(name))
    },
  )

  test('are asked in canonical form', async () => {
    const client = fakeClient()
    const resolver = createResolver(fakeClock(), {}, client)
    await resolver.addresses('Bücher.Example.', 4)
    await resolver.txt('_DMARC.Example')
    expect(client.asked).toEqual(['A xn--bcher-kva.example', 'TXT _dmarc.example'])
  })

  test('about this machine are not asked either', async () => {
    const client = fakeClient()
    const resolver = createResolver(fakeClock(), {}, client)
    expect(await resolver.addresses('localhost', 4)).toMatchObject({ records: ['127.0.0.1'] })
    expect(await resolver.addresses('a.LOCALHOST', 6)).toMatchObject({ records: ['::1'] })
    expect(client.asked).toEqual([])
  })
})

describe('the cache', () => {
  /** How often a name is asked for in so many seconds, when it is wanted once a second. */
  async function timesAsked(answer: Told, seconds: number): Promise<number> {
    const clock = fakeClock()
    const client = fakeClient({ 'A a.example': answer })
    const resolver = createResolver(clock, {}, client)
    for (let second = 0; second < seconds; second++) {
      await resolver.addresses('a.example', 4)
      clock.advance(1_000)
    }
    return client.asked.length
  }

  test.each<[string, Told, number, number]>([
    ['as long as it says', told({ records: [a('a.example', '192.0.2.1', 10)] }), 30, 3],
    [
      'as long as the shortest of a chain says',
      told({ records: [alias('a.example', 'b.example', 5), a('b.example', '192.0.2.1', 10)] }),
      30,
      6,
    ],
    ['not at all where it says so', told({ records: [a('a.example', '192.0.2.1', 0)] }), 3, 3],
    ['not for years', told({ records: [a('a.example', '192.0.2.1', 2_000_000_000)] }), 7_200, 2],
    [
      'not at all where it says what cannot be',
      told({ records: [a('a.example', '192.0.2.1', 0x80000000)] }),
      3,
      3,
    ],
    ['nothing as long as the zone says', told({ nameMissing: true, negativeTtl: 10 }), 30, 3],
    ['nothing for half a minute where it does not', told(), 60, 2],
    ['nothing not for days', told({ negativeTtl: 100_000 }), 1_800, 2],
    ['a failure not at all', { kind: 'failed', text: 'SERVFAIL' }, 3, 3],
    ['what is huge not at all', told({ records: [a('a.example', '192.0.2.1')], octets: 60_000 }), 3, 3],
  ])('keeps %s', async (_, answer, seconds, times) => {
    expect(await timesAsked(answer, seconds)).toBe(times)
  })

  test('asks once for those who ask together', async () => {
    const client = fakeClient()
    const resolver = createResolver(fakeClock(), {}, client)
    await Promise.all([resolver.addresses('a.example', 4), resolver.addresses('A.example', 4)])
    expect(client.asked).toHaveLength(1)
  })

  test('does not notice a change of the wall clock', async () => {
    const clock = fakeClock()
    const client = fakeClient({ 'A a.example': told({ records: [a('a.example', '192.0.2.1', 60)] }) })
    const resolver = createResolver(clock, {}, client)
    await resolver.addresses('a.example', 4)
    clock.set(0)
    clock.advance(60_000)
    await resolver.addresses('a.example', 4)
    expect(client.asked).toHaveLength(2)
  })

  test('forgets the oldest when it is full', async () => {
    const client = fakeClient()
    const resolver = createResolver(fakeClock(), {}, client)
    for (let count = 0; count <= 10_000; count++) await resolver.addresses(`n${count}.example`, 4)
    await resolver.addresses('n10000.example', 4)
    expect(client.asked).toHaveLength(10_001)
    await resolver.addresses('n0.example', 4)
    expect(client.asked).toHaveLength(10_002)
  })
})
