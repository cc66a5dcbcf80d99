import { describe, expect, it } from 'vitest'
import { addressOf } from '../../testing/address-of.ts'
import {
  addressKey,
  canonicalDomain,
  formatAddress,
  formatUnicodeAddress,
  hasCommonLength,
  needsSmtpUtf8,
  parseAddress,
  parseBarePath,
  parsePath,
  sameAddress,
  senderInTurn,
} from './address.ts'

describe('parseAddress', () => {
  it.each([
    ['jo@example.org', 'jo', 'example.org'],
    ['Jo.Q+tag@Example.ORG', 'Jo.Q+tag', 'example.org'],
    ["!#$%&'*+-/=?^_`{|}~@example.org", "!#$%&'*+-/=?^_`{|}~", 'example.org'],
    ['"a b"@example.org', 'a b', 'example.org'],
    ['"a\\"b\\\\c"@example.org', 'a"b\\c', 'example.org'],
    ['"plain"@example.org', 'plain', 'example.org'],
    ['"\\p\\l"@example.org', 'pl', 'example.org'],
    ['""@example.org', '', 'example.org'],
    ['"evil@attacker.example"@example.org', 'evil@attacker.example', 'example.org'],
    ['"a..b."@example.org', 'a..b.', 'example.org'],
    ['.jo@example.org', '.jo', 'example.org'],
    ['jo.@example.org', 'jo.', 'example.org'],
    ['j..o@example.org', 'j..o', 'example.org'],
    ['jo@localhost', 'jo', 'localhost'],
    ['jo@[192.0.2.1]', 'jo', '[192.0.2.1]'],
    ['jo@[ipv6:2001:DB8:0:0:0:0:0:1]', 'jo', '[IPv6:2001:db8::1]'],
    ['jörg@münchen.example', 'jörg', 'xn--mnchen-3ya.example'],
    ['用户@例え.example', '用户', 'xn--r8jz45g.example'],
    ['jo@XN--MNCHEN-3YA.example', 'jo', 'xn--mnchen-3ya.example'],
    ['jo@ex。example', 'jo', 'ex.example'],
    ['😀@example.org', '😀', 'example.org'],
    ['jo@under_score.example', 'jo', 'under_score.example'],
  ])('reads %s', (text, localPart, domain) => {
    expect(parseAddress(text)).toEqual({ localPart, domain })
  })

  it.each([
    '',
    '@',
    'jo',
    'jo@',
    '@example.org',
    'jo @example.org',
    'jo@ example.org',
    'jo@example.org ',
    'a@b@example.org',
    '"a"b@example.org',
    '"a".b@example.org',
    '"a"..b@example.org',
    '"a@example.org',
    '"a"b"@example.org',
    '"a\\"@example.org',
    'jo@example..org',
    'jo@.example.org',
    'jo@example.org.',
    'jo@-example.org',
    'jo@example-.org',
    'jo@exa mple.org',
    'jo@exam%70le.org',
    'jo@example.org/path',
    'jo@192.0.2.1',
    'jo@0x7f.1',
    'jo@１２７.0.0.1',
    'jo@[192.0.2.256]',
    'jo@[192.0.2.1',
    'jo@[2001:db8::1]',
    'jo@[IPv6:fe80::1%eth0]',
    'jo@[x:y]',
    '"jo\r\nRCPT TO:<x@y>"@example.org',
    'jo\n@example.org',
    'j\0o@example.org',
    '"j\0o"@example.org',
    '"j\to"@example.org',
    'jo\x7f@example.org',
    'jo\x85@example.org',
    'jo\u2028@example.org',
    'jo\ufffd@example.org',
    'jo\ud800@example.org',
    'jo@ex\0ample.org',
    'jo@bücher.example/x',
    'jo@bü%2e.example',
    '<jo@example.org>',
    'Jo <jo@example.org>',
    'jo(comment)@example.org',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })

  it('has limits above those of RFC 5321 §4.5.3.1', () => {
    expect(parseAddress(`${'a'.repeat(256)}@example.org`)).toBeDefined()
    expect(parseAddress(`${'a'.repeat(257)}@example.org`)).toBeUndefined()
    expect(parseAddress(`${'ü'.repeat(128)}@example.org`)).toBeDefined()
    expect(parseAddress(`${'ü'.repeat(129)}@example.org`)).toBeUndefined()
    expect(parseAddress(`.${'a'.repeat(253)}@example.org`)).toBeDefined()
    expect(parseAddress(`.${'a'.repeat(254)}@example.org`)).toBeUndefined()
    const domain = `${'a.'.repeat(126)}abc`
    expect(domain).toHaveLength(255)
    expect(parseAddress(`jo@${domain}`)).toBeDefined()
    expect(parseAddress(`jo@${domain}d`)).toBeUndefined()
    expect(parseAddress(`jo@${'a'.repeat(63)}.example`)).toBeDefined()
    expect(parseAddress(`jo@${'a'.repeat(64)}.example`)).toBeUndefined()
    expect(parseAddress(`${'a'.repeat(10_000_000)}@example.org`)).toBeUndefined()
  })
})

describe('formatAddress', () => {
  it('quotes only where it must', () => {
    expect(formatAddress({ localPart: 'a.b', domain: 'example.org' })).toBe('a.b@example.org')
    expect(formatAddress({ localPart: 'a b', domain: 'example.org' })).toBe('"a b"@example.org')
    expect(formatAddress({ localPart: 'a"\\', domain: 'example.org' })).toBe('"a\\"\\\\"@example.org')
    expect(formatAddress({ localPart: '.a', domain: 'example.org' })).toBe('".a"@example.org')
    expect(formatAddress({ localPart: '', domain: 'example.org' })).toBe('""@example.org')
    expect(formatAddress({ localPart: 'Postmaster', domain: '' })).toBe('Postmaster')
  })

  it.each(['jo@example.org', '"a b"@example.org', '"x@y"@example.org', 'jörg@[192.0.2.1]', '""@example.org'])(
    'leads back to the same address: %s',
    (text) => {
      expect(formatAddress(addressOf(text))).toBe(text)
    },
  )

  it('shows U-labels to people', () => {
    expect(formatUnicodeAddress(addressOf('jo@xn--mnchen-3ya.example'))).toBe('jo@münchen.example')
    expect(formatUnicodeAddress(addressOf('jo@[192.0.2.1]'))).toBe('jo@[192.0.2.1]')
    expect(formatUnicodeAddress(addressOf('jo@xn--a.example'))).toBe('jo@xn--a.example')
  })
})

it('knows what every server takes', () => {
  expect(hasCommonLength({ localPart: 'ü'.repeat(32) })).toBe(true)
  expect(hasCommonLength({ localPart: 'x'.repeat(65) })).toBe(false)
  expect(hasCommonLength({ localPart: `a..${'x'.repeat(60)}` })).toBe(false)
})

describe('comparing addresses', () => {
  it('looks through case, quoting, normal form and kind of label', () => {
    expect(sameAddress(addressOf('Jo@Example.org'), addressOf('"jo"@EXAMPLE.ORG'))).toBe(true)
    expect(sameAddress(addressOf('jo@münchen.example'), addressOf('jo@xn--mnchen-3ya.example'))).toBe(true)
    expect(sameAddress(addressOf('jo\u0308rg@a.example'), addressOf('JÖRG@a.example'))).toBe(true)
    expect(sameAddress(addressOf('jo@a.example'), addressOf('jo@b.example'))).toBe(false)
    expect(sameAddress(addressOf('"jo@a.example"@b.example'), addressOf('jo@a.example'))).toBe(false)
  })

  it('has one key for each address', () => {
    expect(addressKey(addressOf('Jo@Example.org'))).toBe('example.org@jo')
  })

  it('knows what needs SMTPUTF8', () => {
    expect(needsSmtpUtf8(addressOf('jörg@example.org'))).toBe(true)
    expect(needsSmtpUtf8(addressOf('jo@münchen.example'))).toBe(false)
  })
})

describe('parsePath', () => {
  it('reads a path and hands back what follows', () => {
    expect(parsePath('<jo@example.org> SIZE=1 BODY=8BITMIME')).toEqual({
      path: { localPart: 'jo', domain: 'example.org' },
      rest: ' SIZE=1 BODY=8BITMIME',
      sourceRoute: false,
    })
  })

  it('reads the null path and the bare postmaster', () => {
    expect(parsePath('<>')).toEqual({ path: null, rest: '', sourceRoute: false })
    expect(parsePath('<PostMaster>')).toEqual({
      path: { localPart: 'PostMaster', domain: '' },
      rest: '',
      sourceRoute: false,
    })
  })

  it('drops a source route and says so', () => {
    const path = { localPart: 'jo', domain: 'c.example' }
    expect(parsePath('<@a.example:jo@c.example>')).toEqual({ path, rest: '', sourceRoute: true })
    expect(parsePath('<@a.example,@[IPv6:::1]:jo@c.example>x')).toEqual({
      path,
      rest: 'x',
      sourceRoute: true,
    })
    expect(parsePath('<@a.example,b.example:jo@c.example>')).toBeUndefined()
    expect(parsePath('<@a_-.example:jo@c.example>')).toBeUndefined()
    expect(parsePath('<@a.example:>')).toBeUndefined()
  })

  it('is not misled by brackets in a quoted local part', () => {
    expect(parsePath('<"a>b"@example.org>rest')).toEqual({
      path: { localPart: 'a>b', domain: 'example.org' },
      rest: 'rest',
      sourceRoute: false,
    })
    expect(parsePath('<"a\\">b"@example.org>')?.path).toEqual({ localPart: 'a">b', domain: 'example.org' })
  })

  it.each([
    '',
    'jo@example.org',
    '<jo@example.org',
    '< jo@example.org>',
    '<jo>',
    '<jo@example.org x>',
    '<<jo@a>>',
    ' <a@b>',
  ])('refuses %j', (text) => {
    expect(parsePath(text)).toBeUndefined()
  })
})

describe('canonicalDomain', () => {
  it('keeps an answer of its own', () => {
    for (const domain of ['example.org', 'xn--mnchen-3ya.example', '[192.0.2.1]', '[IPv6:2001:db8::1]']) {
      expect(canonicalDomain(domain)).toBe(domain)
    }
    expect(canonicalDomain('')).toBeUndefined()
    expect(canonicalDomain('[]')).toBeUndefined()
    expect(canonicalDomain('[IPv6:]')).toBeUndefined()
  })
})

it.each([
  ['jo', 'jo'],
  ['news+jo=there.example', 'news'],
  ['news-bounces-17', 'news'],
  ['prvs=0123abcdef=news', 'news'],
  ['-odd', '-odd'],
])('%s takes turns with %s', (localPart, name) => {
  expect(senderInTurn({ localPart, domain: 'x.example' })).toBe(`${name}@x.example`)
  expect(senderInTurn(null)).toBe('<>')
})

describe('parseBarePath', () => {
  const path = { localPart: 'jo', domain: 'example.org' }

  it.each([
    ['jo@example.org', ''],
    ['jo@Example.ORG SIZE=1 BODY=8BITMIME', ' SIZE=1 BODY=8BITMIME'],
    ['jo@example.org  ', '  '],
  ])('%j', (text, rest) => {
    expect(parseBarePath(text)).toEqual({ path, rest, sourceRoute: false })
  })

  it.each([
    '',
    'jo',
    'postmaster',
    ' jo@example.org',
    '<jo@example.org>',
    '<jo@example.org',
    'jo@example.org>',
    'jo@example.org>SIZE=1',
    'jo@example.org\tSIZE=1',
    'jo@example.org,anna@example.org',
    '"jo"@example.org',
    '"a b"@example.org',
    'jo@[192.0.2.1]',
    'jo@example.org@example.net',
    '@a.example:jo@example.org',
    'jo(x)@example.org',
    'jo@example.org\r\nRCPT',
    `${'x'.repeat(257)}@example.org`,
  ])('%j is none', (text) => {
    expect(parseBarePath(text)).toBeUndefined()
  })
})
