import { parseAddress } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { AddressPatterns, domainKeys } from './address-patterns.ts'

describe('AddressPatterns', () => {
  test.each([
    ['jo@example.org', 'Jo@EXAMPLE.org', true],
    ['jo@example.org', 'anna@example.org', false],
    ['@example.org', 'jo@example.org', true],
    ['example.org', 'jo@example.org', true],
    ['example.org', 'jo@sub.example.org', false],
    ['.example.org', 'jo@a.b.example.org', true],
    ['.example.org', 'jo@example.org', false],
    ['<>', '', true],
    ['example.org', '', false],
  ])('%s has %s: %s', (pattern, address, expected) => {
    const patterns = new AddressPatterns()
    expect(patterns.add(pattern)).toBe(true)
    expect(patterns.has(address === '' ? null : (parseAddress(address) ?? null))).toBe(expected)
  })

  test.each(['', '@', 'a b@example.org', '.[192.0.2.1]', 'exa mple.org'])('%j is none', (text) => {
    expect(new AddressPatterns().add(text)).toBe(false)
  })

  test('a domain is filed under itself and the domains above', () => {
    expect(domainKeys('a.b.example')).toEqual(['a.b.example', '.b.example', '.example'])
    expect(domainKeys('[192.0.2.1]')).toEqual(['[192.0.2.1]'])
  })
})
