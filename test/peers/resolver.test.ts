// The resolver against unbound, which validates zones that BIND's tools have signed.
import { systemClock } from 'mailwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createResolver } from '../../core/resolver.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { startUnbound, type TestZone, type Unbound } from '../support/peers/unbound.ts'

const unbound = requirePeer('unbound')
const signer = requirePeer('dnssec-signzone')
const isThere = unbound.available && signer.available

const digest = 'ab'.repeat(32)
const texts = Array.from({ length: 100 }, (_, index) => `long TXT "${index} ${'x'.repeat(200)}"`).join('\n')
const records = `@ MX 10 mx
@ MX 20 alias
mx A 192.0.2.1
mx AAAA 2001:db8::1
_25._tcp.mx TLSA 3 1 1 ${digest}
alias CNAME mx
outside CNAME mx.plain.example.
_25._tcp.outside TLSA 3 1 1 ${digest}
text TXT "v=spf1 " "-all"
null MX 0 .
${texts}`

const zones: readonly TestZone[] = [
  { name: 'signed.example', records, dnssec: 'signed' },
  { name: 'plain.example', records },
  { name: 'bogus.example', records, dnssec: 'bogus' },
  {
    name: '2.0.192.in-addr.arpa',
    records: '1 PTR mx.signed.example.\n2 CNAME 2.0/25\n2.0/25 PTR two.example.',
  },
]

describe.runIf(isThere)(isThere ? 'unbound' : 'unbound (left out)', () => {
  let server: Unbound
  beforeAll(async () => {
    server = await startUnbound(zones)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  const resolverOf = (trustAuthenticated?: boolean) =>
    createResolver(systemClock, { servers: [`127.0.0.1:${server.port}`], trustAuthenticated })

  test('says what is secure', async () => {
    const resolver = resolverOf()
    expect(await resolver.mx('signed.example')).toMatchObject({
      kind: 'found',
      records: expect.arrayContaining([{ preference: 10, exchange: 'mx.signed.example' }]),
      secure: true,
    })
    expect(await resolver.addresses('mx.signed.example', 4)).toEqual({
      ...{ kind: 'found', records: ['192.0.2.1'], secure: true },
    })
    expect(await resolver.addresses('mx.signed.example', 6)).toMatchObject({
      records: ['2001:db8::1'],
      secure: true,
    })
    expect(await resolver.tlsa('_25._tcp.mx.signed.example')).toEqual({
      kind: 'found',
      records: [{ usage: 3, selector: 1, matchingType: 1, data: Buffer.from(digest, 'hex') }],
      secure: true,
    })
    expect(await resolver.ns('signed.example')).toMatchObject({
      records: ['ns.signed.example'],
      secure: true,
    })
  })

  test('says what is not secure', async () => {
    const resolver = resolverOf()
    expect(await resolver.mx('plain.example')).toMatchObject({ kind: 'found', secure: false })
    expect(await resolver.tlsa('_25._tcp.mx.plain.example')).toMatchObject({ kind: 'found', secure: false })
    expect(await resolver.txt('nosuch.plain.example')).toEqual({ kind: 'none', nameExists: false })
  })

  test('proves that something is not there', async () => {
    const resolver = resolverOf()
    expect(await resolver.mx('nosuch.signed.example')).toEqual({
      kind: 'none',
      nameExists: false,
      secure: true,
    })
    expect(await resolver.mx('mx.signed.example')).toEqual({ kind: 'none', nameExists: true, secure: true })
  })

  test('has no answer where a signature is wrong: that is a failure', async () => {
    const resolver = resolverOf()
    expect(await resolver.mx('bogus.example')).toEqual({ kind: 'failed', text: 'SERVFAIL' })
    expect(await resolver.tlsa('_25._tcp.mx.bogus.example')).toEqual({ kind: 'failed', text: 'SERVFAIL' })
  })

  test('follows aliases; they are as secure as where they lead', async () => {
    const resolver = resolverOf()
    const [inside, outside] = ['alias.signed.example', 'outside.signed.example']
    expect(await resolver.addresses(inside, 4)).toEqual({
      ...{ kind: 'found', records: ['192.0.2.1'], secure: true, canonicalName: 'mx.signed.example' },
    })
    expect(await resolver.addresses(outside, 4)).toEqual({
      ...{ kind: 'found', records: ['192.0.2.1'], secure: false, canonicalName: 'mx.plain.example' },
    })
    expect(await resolver.cname(outside)).toEqual({
      kind: 'found',
      records: ['mx.plain.example'],
      secure: true,
    })
  })

  test('is not believed where the config says so', async () => {
    expect(await resolverOf(false).mx('signed.example')).toMatchObject({ kind: 'found', secure: false })
    expect(await resolverOf(true).mx('plain.example')).toMatchObject({ kind: 'found', secure: false })
  })

  test('tells more than fits into a datagram', async () => {
    const found = await resolverOf().txt('long.signed.example')
    expect(found).toMatchObject({ kind: 'found', secure: true })
    expect(found.kind === 'found' && found.records).toHaveLength(100)
  })

  test('knows the names of addresses, also by RFC 2317, and the null MX', async () => {
    const resolver = resolverOf()
    expect(await resolver.ptr('192.0.2.1')).toMatchObject({ records: ['mx.signed.example'] })
    expect(await resolver.ptr('192.0.2.2')).toMatchObject({ records: ['two.example'] })
    expect(await resolver.mx('null.signed.example')).toMatchObject({
      records: [{ preference: 0, exchange: '' }],
    })
    expect(await resolver.txt('text.signed.example')).toMatchObject({ records: ['v=spf1 -all'] })
  })
})
