import { type Address, parseAddress } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { AddressSet } from './address-set.ts'
import { DomainSet } from './domain-set.ts'

const at = (text: string): Address => parseAddress(text) as Address

describe('AddressSet', () => {
  const set = new AddressSet()
  for (const text of ['Jo@Example.org', '"a b"@example.org', '@Bücher.example']) set.add(text)

  test.each([
    ['jo@example.org', true, true],
    ['JO@EXAMPLE.ORG', true, true],
    ['"jo"@example.org', true, true],
    ['"a b"@example.org', true, true],
    ['anna@example.org', false, false],
    ['jo@sub.example.org', false, false],
    ['anyone@xn--bcher-kva.example', true, false],
  ])('%s: in it %s, named %s', (text, isIn, isNamed) => {
    expect([set.has(at(text)), set.names(at(text))]).toEqual([isIn, isNamed])
  })

  test.each(['', '@', 'jo', 'jo@', '@-.example', 'a b@example.org'])('refuses %j', (text) => {
    expect(new AddressSet().add(text)).toBe(false)
  })
})

describe('DomainSet', () => {
  const set = new DomainSet()
  for (const text of ['Example.ORG', '.below.example', '.Bücher.example']) set.add(text)

  test.each([
    ['example.org', true],
    ['sub.example.org', false],
    ['notexample.org', false],
    ['example.org.evil.example', false],
    ['below.example', false],
    ['a.below.example', true],
    ['b.a.below.example', true],
    ['notbelow.example', false],
    ['a.xn--bcher-kva.example', true],
    ['[192.0.2.1]', false],
    ['', false],
  ])('%s: %s', (domain, expected) => expect(set.has(domain)).toBe(expected))

  test.each(['', '.', '..example.org', '[192.0.2.1]', 'example.org.', '@example.org'])(
    'refuses %j',
    (text) => {
      expect(new DomainSet().add(text)).toBe(false)
    },
  )
})
