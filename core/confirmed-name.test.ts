import { describe, expect, test } from 'vitest'
import { confirmedName } from './confirmed-name.ts'
import type { DnsAnswer, Resolver } from './services/resolver.ts'

const none = { kind: 'none', nameExists: false } as const
const found = (...records: string[]): DnsAnswer<string> => ({ kind: 'found', records, secure: false })

/** DNS with these PTR and address records, that counts what it was asked. */
function dns(
  ptr: DnsAnswer<string>,
  addresses: Readonly<Record<string, DnsAnswer<string>>> = {},
): Resolver & { asked: number } {
  const resolver = {
    asked: 0,
    async ptr() {
      resolver.asked++
      return ptr
    },
    async addresses(name: string, family: 4 | 6) {
      resolver.asked++
      return addresses[`${name}/${family}`] ?? none
    },
    mx: async () => none,
    txt: async () => none,
    tlsa: async () => none,
    ns: async () => none,
    cname: async () => none,
  }
  return resolver
}

test('a name is known where it leads back to the address', async () => {
  const four = dns(found('Wrong.example', 'Host.Example'), {
    'host.example/4': found('192.0.2.7', '192.0.2.1'),
  })
  expect(await confirmedName(four, { address: '192.0.2.1' })).toBe('host.example')
  const six = dns(found('host.example'), { 'host.example/6': found('2001:DB8:0::1') })
  expect(await confirmedName(six, { address: '2001:db8::1' })).toBe('host.example')
})

describe('it is not known', () => {
  test.each([
    ['where there is none', dns(none)],
    ['where it could not be asked', dns({ kind: 'failed', text: 'SERVFAIL' })],
    ['where it has other addresses', dns(found('host.example'), { 'host.example/4': found('192.0.2.2') })],
    [
      'where it is no name',
      dns(found('a b\r\nX: y', '', '[192.0.2.1]', 'x'.repeat(300)), { '[192.0.2.1]/4': found('192.0.2.1') }),
    ],
  ])('%s', async (_, resolver) => {
    expect(await confirmedName(resolver, { address: '192.0.2.1' })).toBeUndefined()
  })

  test('of what is no IP address, and where nobody can be asked', async () => {
    const resolver = dns(found('localhost'))
    for (const address of ['', 'unknown', '/run/lmtp'])
      expect(await confirmedName(resolver, { address })).toBeUndefined()
    expect(resolver.asked).toBe(0)
    expect(await confirmedName(undefined, { address: '192.0.2.1' })).toBeUndefined()
  })
})

test('the loopback is not looked up', async () => {
  const resolver = dns(found('other.example'))
  for (const address of ['127.0.0.1', '::1'])
    expect(await confirmedName(resolver, { address })).toBe('localhost')
  expect(resolver.asked).toBe(0)
})

test.each([
  ['told.example', 'told.example'],
  [null, undefined],
])('what somebody has stated holds: %s', async (stated, name) => {
  const resolver = dns(found('host.example'), { 'host.example/4': found('192.0.2.1') })
  expect(await confirmedName(resolver, { address: '192.0.2.1', name: stated })).toBe(name)
  expect(resolver.asked).toBe(0)
})

test('only so many names are tried', async () => {
  const resolver = dns(found(...Array.from({ length: 1000 }, (_, index) => `h${index}.example`)))
  expect(await confirmedName(resolver, { address: '192.0.2.1' })).toBeUndefined()
  expect(resolver.asked).toBe(6)
})
