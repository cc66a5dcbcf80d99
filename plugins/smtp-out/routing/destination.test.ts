import { parseAddress, type RemoteRoute } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { parseOptions, type SmtpOutInput } from '../options.ts'
import { Destinations, parseNextHop } from './destination.ts'

function route(address: string, nextHop?: string): RemoteRoute {
  const parsed = parseAddress(address) ?? { localPart: '', domain: '' }
  return { kind: 'remote', address: parsed, ...(nextHop === undefined ? {} : { nextHop }) }
}

function nameOf(
  options: SmtpOutInput,
  to: string,
  from: string | null = 'a@here.example',
  nextHop?: string,
): string {
  const sender = from === null ? null : (parseAddress(from) ?? null)
  return new Destinations(parseOptions(options)).destinationOf(route(to, nextHop), sender)
}

describe('where mail goes', () => {
  test('to the domain of the recipient', () => {
    expect(nameOf({}, 'jo@There.Example')).toBe('there.example')
    expect(nameOf({}, 'jo@[192.0.2.1]')).toBe('[192.0.2.1]')
  })

  const relay = { host: 'smart.example', port: 587, user: 'u', password: 'p' }
  const options: SmtpOutInput = {
    relays: [
      { to: ['direct.example'], direct: true },
      { from: ['@news.example'], host: 'bulk.example' },
      { from: ['<>'], to: ['.example'], host: '2001:db8::1', implicitTls: true },
    ],
    relay,
  }

  test.each([
    ['x@else.example', 'a@here.example', 'smart.example:587'],
    ['x@direct.example', 'a@here.example', 'direct.example'],
    ['x@direct.example', 'a@news.example', 'direct.example'],
    ['x@else.example', 'a@news.example', 'bulk.example:25'],
    ['x@else.example', null, '[2001:db8::1]:465'],
    ['x@else.test', null, 'smart.example:587'],
  ])('%s from %s: %s', (to, from, expected) => {
    expect(nameOf(options, to, from)).toBe(expected)
  })

  test('a next hop of the route comes before all, with the login of a relay host that is the same', () => {
    expect(nameOf(options, 'x@direct.example', 'a@here.example', 'other.example:2525')).toBe(
      'other.example:2525',
    )
    const destinations = new Destinations(parseOptions(options))
    expect(destinations.find(route('x@direct.example', 'SMART.example:587'), null).relay?.login?.user).toBe(
      'u',
    )
    expect(destinations.find(route('x@direct.example', 'smart.example'), null).relay).toBeUndefined()
  })

  test('fall-back hosts are asked in their order, and not where the mail goes anyhow', () => {
    const destinations = new Destinations(
      parseOptions({
        fallbackRelays: [
          { host: 'one.example', user: 'u', password: 'p' },
          { host: 'two.example', mx: true },
        ],
      }),
    )
    const fallbacks = (nextHop?: string) =>
      destinations.fallbacksOf(destinations.find(route('x@there.example', nextHop), null))
    expect(fallbacks()).toMatchObject([
      { name: 'one.example:587', useMx: false, isConfigured: true, relay: { login: { user: 'u' } } },
      { name: 'two.example:25', useMx: true },
    ])
    expect(fallbacks('one.example:587').map(({ name }) => name)).toEqual(['two.example:25'])
    // A route that names the same host has its login.
    expect(destinations.find(route('x@there.example', 'one.example:587'), null).relay).toBeDefined()
  })

  test.each([
    ['mx.example', { host: 'mx.example', port: 25 }],
    ['MX.example:2525', { host: 'mx.example', port: 2525 }],
    ['192.0.2.1:26', { host: '192.0.2.1', port: 26 }],
    ['[2001:db8::1]:26', { host: '2001:db8::1', port: 26 }],
    ['[IPv6:2001:db8::1]', { host: '2001:db8::1', port: 25 }],
    ['[192.0.2.1]', { host: '192.0.2.1', port: 25 }],
  ])('%s', (text, expected) => {
    expect(parseNextHop(text)).toEqual(expected)
  })
})
