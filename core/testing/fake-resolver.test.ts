import { expect, it } from 'vitest'
import { fakeResolver } from './fake-resolver.ts'

const zones = {
  'Example.org.': { a: ['192.0.2.1'], mx: [{ preference: 10, exchange: 'mx.example.org' }], secure: true },
  'mx.example.org': { a: ['192.0.2.2'], aaaa: ['2001:db8::2'] },
  'münchen.example': { txt: ['v=spf1 -all'] },
  '_dmarc.example.org': { txt: ['v=DMARC1; p=reject'] },
  '192.0.2.1': { ptr: ['example.org'] },
  'broken.example': { failure: 'SERVFAIL' },
}

it('answers from its table, for names in any form', async () => {
  const resolver = fakeResolver(zones)
  expect(await resolver.mx('EXAMPLE.org')).toEqual({
    kind: 'found',
    records: [{ preference: 10, exchange: 'mx.example.org' }],
    secure: true,
  })
  expect(await resolver.addresses('mx.example.org', 6)).toMatchObject({
    records: ['2001:db8::2'],
    secure: false,
  })
  expect(await resolver.txt('xn--mnchen-3ya.example')).toMatchObject({ records: ['v=spf1 -all'] })
  expect(await resolver.txt('_dmarc.example.org')).toMatchObject({ kind: 'found' })
  expect(await resolver.ptr('192.0.2.1')).toMatchObject({ records: ['example.org'] })
  expect(resolver.asked).toContain('MX example.org')
})

it('tells "no such record", "no such name" and "cannot be asked" apart', async () => {
  const resolver = fakeResolver(zones)
  expect(await resolver.mx('mx.example.org')).toEqual({ kind: 'none', nameExists: true })
  expect(await resolver.mx('org')).toEqual({ kind: 'none', nameExists: true })
  expect(await resolver.mx('nosuch.example')).toEqual({ kind: 'none', nameExists: false })
  expect(await resolver.mx('__proto__')).toEqual({ kind: 'none', nameExists: false })
  expect(await resolver.tlsa('broken.example')).toEqual({ kind: 'failed', text: 'SERVFAIL' })
})

it('leaves out MX that name no host, and tells where there are no others', async () => {
  const mx = (...exchanges: readonly string[]) => exchanges.map((exchange) => ({ preference: 1, exchange }))
  const resolver = fakeResolver({
    'some.example': { mx: mx('192.0.2.1', 'mx.example', '') },
    'none.example': { mx: mx('192.0.2.1', '[192.0.2.1]', 'not a host.example') },
  })
  expect(await resolver.mx('some.example')).toMatchObject({ records: mx('mx.example', '') })
  expect(await resolver.mx('none.example')).toEqual({ kind: 'none', nameExists: true, unusable: true })
})

it('changes its mind when told', async () => {
  const resolver = fakeResolver(zones)
  resolver.set('broken.example', { a: ['192.0.2.9'] })
  resolver.set('example.org', undefined)
  expect(await resolver.addresses('broken.example', 4)).toMatchObject({ kind: 'found' })
  expect(await resolver.mx('example.org')).toMatchObject({ kind: 'none' })
})

it('follows aliases, which are as secure as their weakest', async () => {
  const resolver = fakeResolver({
    'alias.example': { cname: 'Host.Example', secure: true },
    'host.example': { a: ['192.0.2.3'], ns: ['ns.example'] },
  })
  const found = { kind: 'found', secure: false, canonicalName: 'host.example' }
  expect(await resolver.addresses('alias.example', 4)).toEqual({ ...found, records: ['192.0.2.3'] })
  expect(await resolver.ns('alias.example')).toMatchObject({ records: ['ns.example'] })
  expect(await resolver.cname('alias.example')).toEqual({
    kind: 'found',
    records: ['host.example'],
    secure: true,
  })
  expect(await resolver.cname('host.example')).toEqual({ kind: 'none', nameExists: true })
})
