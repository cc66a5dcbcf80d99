import { capturedLog, fakeResolver } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { ListLookup, queryName } from './list-lookup.ts'
import { type DnsListInput, parseOptions } from './options.ts'

it.each([
  ['client', '192.0.2.1', '1.2.0.192.dnsbl.example'],
  ['client', '::ffff:192.0.2.1', '1.2.0.192.dnsbl.example'],
  [
    'client',
    '2001:db8::567:89ab',
    'b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.dnsbl.example',
  ],
  ['client', '/run/mailwright.sock', undefined],
  ['hello', 'mail.bad.example', 'mail.bad.example.dnsbl.example'],
  ['sender', 'bücher.example', 'xn--bcher-kva.example.dnsbl.example'],
  ['hello', '192.0.2.1', undefined],
  ['hello', '[192.0.2.1]', undefined],
  ['hello', '2001:db8::1', undefined],
  ['hello', '::ffff:192.0.2.1', undefined],
  ['hello', '[IPv6:2001:db8::1]', undefined],
  ['sender', '[192.0.2.1]', undefined],
  ['hello', 'localhost', undefined],
  ['hello', '', undefined],
  ['hello', 'a b.example', undefined],
  ['hello', `${'a.'.repeat(125)}example`, undefined],
] as const)('with the %s %s the list is asked for %s', (of, who, expected) => {
  expect(queryName(who, { of, zone: 'dnsbl.example' })).toBe(expected)
})

describe('a listing', () => {
  const resolver = fakeResolver({
    '1.2.0.192.dnsbl.example': {
      a: ['127.0.0.2', '127.0.0.4'],
      txt: ['see https://dnsbl.example/192.0.2.1'],
    },
    '2.2.0.192.dnsbl.example': { a: ['127.255.255.254'] },
    '3.2.0.192.dnsbl.example': { failure: 'SERVFAIL' },
    '4.2.0.192.dnsbl.example': { a: ['198.51.100.7'] },
    '5.2.0.192.dnsbl.example': { a: ['127.0.0.1'] },
    '6.2.0.192.dnsbl.example': { a: ['127.0.0.255'] },
    '7.2.0.192.dnsbl.example': { a: ['127.0.1.255'] },
  })
  const log = capturedLog()
  const lookup = new ListLookup(resolver, log)
  const find = async (who: string, list: Partial<DnsListInput> = {}) => {
    const [parsed] = parseOptions({ lists: [{ zone: 'dnsbl.example', ...list }] }).lists
    return parsed && (await lookup.find(parsed, who))
  }

  it('is found, with its reason', async () => {
    const listing = await find('192.0.2.1')
    expect(listing).toMatchObject({ who: '192.0.2.1', answers: ['127.0.0.2', '127.0.0.4'] })
    expect(listing && (await lookup.reason(listing))).toBe('see https://dnsbl.example/192.0.2.1')
    expect(await find('192.0.2.99')).toBeUndefined()
  })

  it('counts with the answers that are wanted', async () => {
    expect(await find('192.0.2.1', { answers: ['127.0.0.[3..9]'] })).toMatchObject({ answers: ['127.0.0.4'] })
    expect(await find('192.0.2.1', { answers: ['127.0.0.[10..11]'] })).toBeUndefined()
  })

  it('is none where the list cannot be asked, or refuses to answer, or is no list any more', async () => {
    for (const last of ['2', '3', '4', '5', '6', '7'])
      expect(
        await find(`192.0.2.${last}`, { answers: ['[0..255].[0..255].[0..255].[0..255]'] }),
      ).toBeUndefined()
    const told = log.lines.filter(({ level }) => level === 'error')
    // Once, not for every client, until the list answers again.
    expect(told.map(({ service, error }) => [service, error])).toEqual([
      ['dnsbl.example', expect.stringContaining('refuses our questions (127.255.255.254)')],
    ])
    await find('192.0.2.1')
    await find('192.0.2.4')
    expect(log.lines.at(-1)?.error).toContain('has the domain changed hands?')
  })
})
