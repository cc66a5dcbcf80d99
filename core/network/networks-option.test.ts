import { expect, test } from 'vitest'
import { ConfigError } from '../errors.ts'
import { readOptions } from '../options.ts'
import { readNetworks } from './networks-option.ts'

function networks(input: unknown): readonly string[] {
  const read = readOptions(input)
  return read.done(readNetworks(read, 'from')).map(({ text }) => text)
}

test('a list of networks', () => {
  expect(networks({})).toEqual([])
  expect(networks({ from: ['127.0.0.1', '[2001:db8::]/32'] })).toEqual(['127.0.0.1', '2001:db8::/32'])
})

test('words beside networks are passed over, where there are such', () => {
  const read = readOptions({ from: ['unix', '127.0.0.1'] })
  expect(read.done(readNetworks(read, 'from', ['unix'])).map(({ text }) => text)).toEqual(['127.0.0.1'])
  expect(() => networks({ from: ['unix'] })).toThrow(ConfigError)
})

test('each fault is told with its place', () => {
  const faults = expect.objectContaining({
    faults: [
      { path: 'from[1]', problem: expect.stringMatching(/^must be a network without an address of a host/) },
      { path: 'from[2]', problem: expect.stringMatching(/^must be an IP address or a network such as/) },
    ],
  })
  expect(() => networks({ from: ['::1', '192.0.2.5/24', 'localhost'] })).toThrow(faults)
  expect(() => networks({ from: '127.0.0.1' })).toThrow(ConfigError)
})
