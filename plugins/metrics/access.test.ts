import type { Socket } from 'node:net'
import { parseNetwork } from 'mailwright'
import { expect, test } from 'vitest'
import { Access } from './access.ts'

const networks = ['192.0.2.0/24', '2001:db8::/32'].flatMap((text) => parseNetwork(text) ?? [])
const from = (remoteAddress: string | undefined, localAddress = '198.51.100.1') =>
  ({ remoteAddress, localAddress }) as Socket

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['198.51.100.1', true],
  ['192.0.2.77', true],
  ['::ffff:192.0.2.77', true],
  ['2001:db8::5', true],
  ['198.51.100.2', false],
  ['2001:db9::5', false],
  [undefined, false],
])('from %s: %s', (address, isNear) => {
  const access = new Access({ networks, token: undefined, path: undefined })
  expect(access.isNear(from(address))).toBe(isNear)
})

test('a Unix socket has no addresses', () => {
  expect(new Access({ networks: [], token: undefined, path: '/x' }).isNear(from(undefined))).toBe(true)
})
