import { describe, expect, test } from 'vitest'
import { parseAddress } from './address.ts'
import {
  AddressPatterns,
  ofDomain,
  parseAddressPattern,
  parseDomainPattern,
  parseLocalPartPattern,
  patternsOf,
  patternsOfDomain,
} from './address-patterns.ts'

const below = { domainsIncludeBelow: true }

function patterns(texts: readonly string[], meaning = {}): AddressPatterns {
  const read = new AddressPatterns(meaning)
  for (const text of texts) {
    const pattern = parseAddressPattern(text)
    if (pattern === undefined) throw new Error(`${text} is no pattern`)
    read.add(pattern)
  }
  return read
}

/** An empty text is the null reverse-path. */
function address(text: string) {
  return text === '' ? null : (parseAddress(text) ?? { localPart: text, domain: '' })
}

describe('a pattern', () => {
  test.each([
    ['Jo@Example.ORG', 'address', 'jo@example.org'],
    ['"a b"@example.org', 'address', 'a b@example.org'],
    ['JO\u0308@MÜNCHEN.example', 'address', 'jö@xn--mnchen-3ya.example'],
    ['Jo@', 'local-part', 'jo@'],
    ['"a@b"@', 'local-part', 'a@b@'],
    ['Example.ORG', 'domain', 'example.org'],
    ['localhost', 'domain', 'localhost'],
    ['@München.example', 'domain', '@xn--mnchen-3ya.example'],
    ['[192.0.2.1]', 'domain', '[192.0.2.1]'],
    ['.München.example', 'below', '.xn--mnchen-3ya.example'],
    ['@.example.org', 'below', '.example.org'],
    ['<>', 'null-sender', '<>'],
  ])('%s is %s: %s', (text, kind, key) => {
    expect(parseAddressPattern(text)).toEqual({ kind, key })
  })

  test.each([
    '',
    '@',
    '.',
    '..example.org',
    '.[192.0.2.1]',
    'example.org.',
    'a b',
    'a b@example.org',
    'a@b@c',
    'a b@',
  ])('%j is none', (text) => {
    expect(parseAddressPattern(text)).toBeUndefined()
  })

  test.each(['jo@example.org', 'jo@', '<>'])('%s is no domain', (text) => {
    expect(parseDomainPattern(text)).toBeUndefined()
  })

  test.each([
    ['Postmaster', ['postmaster@']],
    ['postmaster@', ['postmaster@']],
    ['jo.doe', ['jo.doe@', 'jo.doe']],
    ['"a b"', ['a b@']],
    ['@example.org', ['@example.org']],
    ['.example.org', ['.example.org']],
    ['jo@example.org', ['jo@example.org']],
    ['nonsense here', []],
    ['jo@no domain', []],
    ['', []],
  ])('where local parts come first, %j is %j', (text, keys) => {
    expect(parseLocalPartPattern(text).map(({ key }) => key)).toEqual(keys)
  })
})

describe('AddressPatterns', () => {
  test.each([
    ['jo@example.org', 'Jo@EXAMPLE.org', true],
    ['jo@example.org', '"jo"@example.org', true],
    ['jo@example.org', 'anna@example.org', false],
    ['jo@example.org', 'jo@sub.example.org', false],
    ['jo@', 'Jo@any.example', true],
    ['jo@', 'Jo', true],
    ['jo@', 'jona@any.example', false],
    ['@example.org', 'jo@example.org', true],
    ['@example.org', 'jo@sub.example.org', false],
    ['example.org', 'jo@example.org', true],
    ['example.org', 'jo@sub.example.org', false],
    ['.example.org', 'jo@a.b.example.org', true],
    ['.example.org', 'jo@example.org', false],
    ['.example.org', 'jo@notexample.org', false],
    ['<>', '', true],
    ['example.org', '', false],
    ['[192.0.2.1]', 'jo@[192.0.2.1]', true],
  ])('%s has %s: %s', (pattern, text, expected) => {
    expect(patterns([pattern]).has(address(text))).toBe(expected)
  })

  test.each([
    ['example.org', 'jo@a.b.example.org', true],
    ['example.org', 'jo@example.org', true],
    ['example.org', 'jo@notexample.org', false],
    ['.example.org', 'jo@example.org', false],
    ['@example.org', 'jo@a.example.org', false],
    ['jo@example.org', 'jo@a.example.org', false],
    ['example', `jo@${'x.'.repeat(60)}example`, true],
  ])('where domains include what is below, %s has %s: %s', (pattern, text, expected) => {
    expect(patterns([pattern], below).has(address(text))).toBe(expected)
  })

  test('knows whether more than the domain is named', () => {
    const read = patterns(['jo@example.org', 'info@', '@example.org'])
    const named = ['Jo@example.org', 'info@any.example', 'anna@example.org'].map((text) =>
      read.names(parseAddress(text) ?? expect.fail(text)),
    )
    expect(named).toEqual([true, true, false])
    expect(['example.org', 'any.example', ''].map((name) => read.hasDomain(name))).toEqual([
      true,
      false,
      false,
    ])
  })
})

test('what means an address, the most specific first', () => {
  expect(patternsOf(address('News@a.b.example'))).toEqual([
    'news@a.b.example',
    'news@',
    '@a.b.example',
    'a.b.example',
    '.b.example',
    '.example',
  ])
  expect(patternsOfDomain('a.b.example', below)).toEqual([
    '@a.b.example',
    'a.b.example',
    '.b.example',
    'b.example',
    '.example',
    'example',
  ])
  expect(patternsOfDomain('[192.0.2.1]')).toEqual(['@[192.0.2.1]', '[192.0.2.1]'])
})

test('of several values that of the most specific domain is taken', () => {
  const values = new Map([
    ['a.b.example', 1],
    ['.b.example', 2],
    ['.example', 3],
  ])
  expect(['a.b.example', 'c.b.example', 'b.example', 'x.org'].map((name) => ofDomain(values, name))).toEqual([
    1,
    2,
    3,
    undefined,
  ])
})
