import { BlockList } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  addressOctets,
  canonicalAddress,
  type Network,
  networkProblem,
  networksInclude,
  parseNetwork,
} from './network.ts'

function networks(...texts: string[]): Network[] {
  return texts.map((text) => {
    const network = parseNetwork(text)
    if (network === undefined) throw new Error(text)
    return network
  })
}

describe('parseNetwork', () => {
  test.each([
    ['192.0.2.0/24', 4, 24],
    ['192.0.2.5', 4, 32],
    ['0.0.0.0/0', 4, 0],
    ['255.255.255.255/32', 4, 32],
    ['10.0.0.0/7', 4, 7],
    ['2001:db8::/32', 16, 32],
    ['[2001:db8::]/32', 16, 32],
    ['[::1]', 16, 128],
    ['::/0', 16, 0],
    ['::ffff:192.0.2.0/120', 4, 24],
    ['::ffff:c000:205', 4, 32],
    ['::ffff:0:0/96', 4, 0],
    ['::/90', 16, 90],
  ])('takes %s', (text, octets, prefix) => {
    expect(parseNetwork(text)).toMatchObject({ text: text.replace(/[[\]]/g, ''), prefix })
    expect(parseNetwork(text)?.octets).toHaveLength(octets)
    expect(networkProblem(text)).toBeUndefined()
  })

  test.each([
    ['', /IP address or a network/],
    ['example.org', /IP address or a network/],
    ['192.0.2/24', /IP address or a network/],
    ['192.0.2.0.0/24', /IP address or a network/],
    ['192.0.02.0/24', /IP address or a network/],
    ['[192.0.2.0]/24', /IP address or a network/],
    ['[2001:db8::/32', /IP address or a network/],
    ['2001:db8::]/32', /IP address or a network/],
    ['fe80::1%eth0', /IP address or a network/],
    [' 192.0.2.0/24', /IP address or a network/],
    ['192.0.2.0/24 ', /from 0 to 32/],
    ['192.0.2.0/', /from 0 to 32/],
    ['192.0.2.0/33', /from 0 to 32/],
    ['192.0.2.0/-1', /from 0 to 32/],
    ['192.0.2.0/024', /from 0 to 32/],
    ['192.0.2.0/24/8', /from 0 to 32/],
    ['192.0.2.0/255.255.255.0', /from 0 to 32/],
    ['2001:db8::/129', /from 0 to 128/],
    ['192.0.2.5/24', /behind the prefix/],
    ['192.0.2.1/31', /behind the prefix/],
    ['1.0.0.0/0', /behind the prefix/],
    ['2001:db8::1/64', /behind the prefix/],
    ['::ffff:192.0.2.0/90', /behind the prefix/],
  ])('refuses %j', (text, problem) => {
    expect(parseNetwork(text)).toBeUndefined()
    expect(networkProblem(text)).toMatch(problem)
  })
})

describe('networksInclude', () => {
  test.each([
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.0/24', '192.0.3.0', false],
    ['192.0.2.0/24', '::ffff:192.0.2.7', true],
    ['::ffff:192.0.2.0/120', '192.0.2.7', true],
    ['192.0.2.128/25', '192.0.2.127', false],
    ['0.0.0.0/0', '255.1.2.3', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '127.0.0.1', false],
    ['::/0', '::ffff:127.0.0.1', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:DB8:0:0::1', '2001:db8::1', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['0.0.0.0/0', '/run/mail.sock', false],
    ['0.0.0.0/0', '', false],
  ])('%s has %s: %s', (network, address, has) => {
    expect(networksInclude(networks(network), address)).toBe(has)
  })

  test('any of them will do', () => {
    expect(networksInclude([], '192.0.2.1')).toBe(false)
    expect(networksInclude(networks('192.0.2.1', '2001:db8::/32'), '2001:db8::7')).toBe(true)
  })

  test('agrees with Node.js on random blocks and addresses', () => {
    // A fixed sequence (Lehmer), so that a failure can be repeated.
    let state = 42
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647
      return state % below
    }
    for (let round = 0; round < 2_000; round++) {
      const size = random(2) === 0 ? 4 : 16
      const prefix = random(size * 8 + 1)
      const first = Array.from({ length: size }, () => random(3) * 85)
      const address = first.map((octet) => (random(size) === 0 ? octet ^ (1 << random(8)) : octet))
      const start = first.map(
        (octet, at) => octet & ~(0xff >> Math.min(8, Math.max(0, prefix - at * 8))) & 0xff,
      )
      const list = new BlockList()
      const family = size === 4 ? 'ipv4' : 'ipv6'
      list.addSubnet(text(start), prefix, family)
      const network = `${text(start)}/${prefix}`
      expect({ network, has: networksInclude(networks(network), text(address)) }).toEqual({
        network,
        has: list.check(text(address), family),
      })
    }
  })
})

function text(octets: readonly number[]): string {
  if (octets.length === 4) return octets.join('.')
  const groups: string[] = []
  for (let at = 0; at < 16; at += 2)
    groups.push((((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)).toString(16))
  return groups.join(':')
}

test('addressOctets', () => {
  expect(addressOctets('192.0.2.1')).toEqual(Uint8Array.from([192, 0, 2, 1]))
  expect(addressOctets('::ffff:192.0.2.1')).toEqual(Uint8Array.from([192, 0, 2, 1]))
  expect(addressOctets('1::192.0.2.1')?.join()).toBe('0,1,0,0,0,0,0,0,0,0,0,0,192,0,2,1')
  expect(addressOctets('::')?.join()).toBe(Array(16).fill(0).join())
  expect(addressOctets('mx.example.org')).toBeUndefined()
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['2001:db8::/32', undefined],
  ['192.0.2', undefined],
  ['', undefined],
])('canonicalAddress of %j', (given, canonical) => {
  expect(canonicalAddress(given)).toBe(canonical)
})
