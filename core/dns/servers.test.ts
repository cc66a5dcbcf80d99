import { expect, test } from 'vitest'
import { fakeClock } from '../testing/fake-clock.ts'
import { parseServer, serverList } from './servers.ts'

test.each([
  ['192.0.2.1', '192.0.2.1', 53],
  ['192.0.2.1:5353', '192.0.2.1', 5353],
  ['2001:db8::1', '2001:db8::1', 53],
  ['[2001:db8::1]:5353', '2001:db8::1', 5353],
  ['[2001:db8::1]', '2001:db8::1', 53],
  ['fe80::1%eth0', 'fe80::1%eth0', 53],
])('%s is a server', (text, address, port) => {
  expect(parseServer(text)).toEqual({ address, port })
})

test.each([
  '',
  'ns.example',
  '192.0.2.1:0',
  '192.0.2.1:65536',
  '192.0.2:53',
  '[192.0.2.1]:53',
  '2001:db8::1]:53',
  ':53',
])('%j is none', (text) => {
  expect(parseServer(text)).toBeUndefined()
})

test('those on this machine are believed, others where the config says so', () => {
  const servers = [
    '127.0.0.1',
    '[::1]:5353',
    '127.0.0.53',
    '::ffff:127.0.0.1',
    '192.0.2.1',
    '2001:db8::1',
    '::',
  ]
  const trusted = (trustAuthenticated?: boolean) =>
    serverList({ servers, trustAuthenticated }, fakeClock())().map((server) => server.trusted)
  expect(trusted()).toEqual([true, true, true, true, false, false, false])
  expect(new Set(trusted(true))).toEqual(new Set([true]))
  expect(new Set(trusted(false))).toEqual(new Set([false]))
})

test('those of the machine are read again after a minute', () => {
  const clock = fakeClock()
  let ofMachine = ['192.0.2.1', 'strange']
  const servers = serverList({}, clock, () => ofMachine)
  const addresses = () => servers().map(({ address }) => address)
  expect(addresses()).toEqual(['192.0.2.1'])
  ofMachine = ['192.0.2.2']
  clock.advance(59_999)
  expect(addresses()).toEqual(['192.0.2.1'])
  clock.advance(1)
  expect(addresses()).toEqual(['192.0.2.2'])
})

test('the machine has some', () => {
  expect(serverList({}, fakeClock())().length).toBeGreaterThan(0)
})
