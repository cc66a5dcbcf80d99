import { expect, test } from 'vitest'
import { parseNetwork } from './network.ts'
import { blockOf, blockText } from './network-block.ts'

test.each([
  ['192.0.2.77', 32, 64, '192.0.2.77/32'],
  ['192.0.2.77', 24, 48, '192.0.2.0/24'],
  ['192.0.2.77', 0, 0, '0.0.0.0/0'],
  ['::ffff:192.0.2.77', 25, 64, '192.0.2.0/25'],
  ['2001:db8:0:1:2:3:4:5', 32, 64, '2001:db8:0:1::/64'],
  ['2001:db8:ffff:1::5', 24, 36, '2001:db8:f000::/36'],
  ['2001:db8::5%eth0', 24, 128, '2001:db8::5/128'],
])('%s is in its block', (address, ipv4, ipv6, block) => {
  expect(blockOf(address, { ipv4, ipv6 })).toBe(block)
  expect(parseNetwork(block)?.text).toBe(block)
})

test('what is no address is in none', () => {
  expect(blockOf('/run/mail.sock', { ipv4: 32, ipv6: 64 })).toBeUndefined()
  expect(blockOf('', { ipv4: 32, ipv6: 64 })).toBeUndefined()
})

test('a network has one spelling', () => {
  const network = parseNetwork('2001:0DB8:0:0::/64')
  expect(network && blockText(network.octets, network.prefix)).toBe('2001:db8::/64')
})
