import { addressOf } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { allowanceKey } from './allowances.ts'
import { networksOf } from './networks-of.ts'
import { steadySender, tripletOf } from './triplet.ts'

const prefixes = { ipv4: 24, ipv6: 64 }
const to = addressOf('B@here.example')

describe('a triplet', () => {
  it('is of the network, the sender and the recipient', () => {
    expect(tripletOf('192.0.2.77', addressOf('A@there.example'), to, prefixes)).toMatchObject({
      network: '192.0.2.0/24',
      sender: 'a@there.example',
      recipient: 'b@here.example',
    })
    expect(tripletOf('2001:db8:0:1:2:3:4:5', null, to, prefixes)).toMatchObject({
      network: '2001:db8:0:1::/64',
      sender: '<>',
    })
  })

  it('is the same for every spelling of one recipient', () => {
    const triplet = (recipient: string) => tripletOf('192.0.2.1', null, addressOf(recipient), prefixes)
    // The capital has no letter of its own with that mark, the small one has.
    expect(triplet('T\u0308om@here.example')).toEqual(triplet('\u1e97om@here.example'))
  })

  it('is the same from a neighbour, and another one from elsewhere', () => {
    const id = (client: string, sender = 'a@there.example', recipient = to) =>
      tripletOf(client, addressOf(sender), recipient, prefixes).id
    expect(id('192.0.2.1')).toBe(id('192.0.2.254'))
    expect(id('192.0.2.1')).toBe(id('::ffff:192.0.2.9', 'A@THERE.example', addressOf('b@HERE.example')))
    const others = [
      id('192.0.2.1'),
      id('192.0.3.1'),
      id('2001:db8::1'),
      id('/run/lmtp'),
      id('192.0.2.1', 'b@there.example'),
      id('192.0.2.1', 'a@there.example', addressOf('c@here.example')),
    ]
    expect(new Set(others).size).toBe(others.length)
  })

  it.each([
    [32, '192.0.2.77/32'],
    [20, '192.0.0.0/20'],
    [31, '192.0.2.76/31'],
  ])('has %d bits of an address where the config says so', (ipv4, network) => {
    expect(tripletOf('192.0.2.77', null, to, { ...prefixes, ipv4 }).network).toBe(network)
  })
})

describe('a sender', () => {
  it.each([
    ['Jo', 'jo'],
    ['T\u0308om', '\u1e97om'],
    ['jo+list', 'jo'],
    ['+jo', '+jo'],
    ['bounce-1234-77', 'bounce-#-#'],
    ['bounces+123-me=example.org', 'bounces'],
    ['owner-list-me=example.org', 'owner-list-me=example.org'],
    ['0100018c2f3d4e5f-7b0c2a1d-6f00-4a11-9e9e-0123456789ab-000000', '#-#-#-#-#-#-#'],
    ['prvs=1234abcdef=jo', 'jo'],
    ['prvs=jo=1234abcdef', 'jo'],
    ['msprvs1=19abcdefghij0=bounces', 'bounces'],
    ['SRS0=a1b2=XY=origin.example=jo', 'srs=origin.example=jo'],
    ['SRS0+a1b2=XY=origin.example=jo', 'srs=origin.example=jo'],
    ['SRS1=c3d4=first.example==a1b2=XY=origin.example=jo', 'srs=first.example=origin.example=jo'],
    ['decade', 'decade'],
  ])('%s is %s', (localPart, steady) => {
    expect(steadySender(localPart)).toBe(steady)
  })
})

describe('what is allowed', () => {
  it.each([
    ['192.0.2.0/24', '192.0.2.0/24'],
    ['192.0.2.1', '192.0.2.1/32'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
    ['Jo@Example.ORG', 'jo@example.org'],
    ['News@', 'news@'],
    ['Example.ORG', 'example.org'],
    ['192.0.2.1/24', undefined],
    ['[192.0.2.1]', undefined],
    ['@Example.org', '@example.org'],
    ['.Example.org', '.example.org'],
    ['<>', '<>'],
    ['', undefined],
    ['a b', undefined],
  ])('%s is kept as %s', (text, key) => {
    expect(allowanceKey(text)).toBe(key)
  })

  it('is found by every network of an address', () => {
    expect(networksOf('192.0.2.1')).toEqual(
      expect.arrayContaining(['0.0.0.0/0', '192.0.2.0/24', '192.0.2.1/32']),
    )
    expect(networksOf('2001:db8::1')).toHaveLength(129)
    expect(networksOf('/run/lmtp')).toEqual([])
  })
})
