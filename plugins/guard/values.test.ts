import { ConfigError } from 'mailwright'
import { describe, expect, it, test } from 'vitest'
import { loginName } from './login-name.ts'
import { parseOptions } from './options.ts'
import { duration } from './replies.ts'

test.each([
  ['Jo@EXAMPLE.org', 'jo@example.org'],
  [' jo ', 'jo'],
  ['J\u00d6', 'jo\u0308'],
  ['jo@B\u00dcCHER.example', 'jo@xn--bcher-kva.example'],
  ['a\0b\r\n', 'a?b'],
  ['\ud800', '\ufffd'],
  ['', ''],
])('%j counts as the same as %j', (one, other) => {
  expect(loginName(one)).toBe(loginName(other))
})

test('long names keep apart and take little room', () => {
  const [one, other] = [loginName(`${'x'.repeat(12_000)}1`), loginName(`${'x'.repeat(12_000)}2`)]
  expect(one).not.toBe(other)
  expect([one.length, other.length]).toEqual([239, 239])
})

test.each([
  [1, '1 minute'],
  [60_001, '2 minutes'],
  [119 * 60_000, '119 minutes'],
  [2 * 3_600_000, '2 hours'],
  [3 * 86_400_000, '3 days'],
])('%d ms are %s', (milliseconds, words) => {
  expect(duration(milliseconds)).toBe(words)
})

describe('the options', () => {
  it('take the role of a plugin of another protocol', () => {
    expect([...parseOptions({ roles: ['imap', 'example-nntp'] }).roles]).toEqual(['imap', 'example-nntp'])
    expect(() => parseOptions({ roles: ['imaps'] })).toThrow('did you mean "imap"?')
  })

  it('have defaults', () => {
    const { roles, thresholds, client, surroundings, restriction } = parseOptions({})
    expect([...roles]).toEqual(['transfer', 'submission', 'imap', 'pop3', 'managesieve', 'http'])
    expect(thresholds).toMatchObject({ network: 10, surroundings: 60, login: 20, loginFromNetwork: 10 })
    expect([client, surroundings]).toEqual([
      { ipv4: 32, ipv6: 64 },
      { ipv4: 24, ipv6: 48 },
    ])
    expect(restriction).toEqual({ first: 900_000, longest: 86_400_000, forgetAfter: 604_800_000 })
    expect(parseOptions({ banFor: '2d' }).restriction.longest).toBe(172_800_000)
  })

  it.each([
    [{ roles: ['imap', 'smtp'] }, ['roles']],
    [{ neverBan: ['192.0.2.1/24', 'office'] }, ['neverBan[0]', 'neverBan[1]']],
    [{ banFor: '1h', longestBan: '10m' }, ['longestBan']],
    [{ networkFailures: -1, sameLogin: 0 }, ['networkFailures', 'sameLogin']],
    [{ ipv4Prefix: 33, wideIpv6Prefix: 8 }, ['ipv4Prefix', 'wideIpv6Prefix']],
    [{ longestDelay: '2m', strangers: 'ban', window: 0 }, ['window', 'strangers', 'longestDelay']],
    [{ wnidow: '1m' }, ['wnidow']],
  ])('%j is refused', (input, paths) => {
    let faults: readonly string[] = []
    try {
      parseOptions(input)
    } catch (error) {
      if (error instanceof ConfigError) faults = error.faults.map(({ path }) => path)
    }
    expect(faults).toEqual(paths)
  })
})
